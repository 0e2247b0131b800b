// SPDX-License-Identifier: Apache-2.0

/*
What Gardener's admission (extension shoot-rsyslog-relp) says of documents, told by
the libraries that it uses: sigs.k8s.io/yaml and sigs.k8s.io/json, Go's regexp and
strconv. By hand, not in CI; tests/tools/admission_compare.py runs it.

On stdin are files: "%%% file" begins one, "%%% document KIND" a document in it. For
each file it writes a line of JSON: a list of errors {document, path, kind, message,
value, detail}; kind Decode: strict decoding failed, message is what the library says.
Where admission stops at the first error, this goes on. Paths have all indices.
*/
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const (
	group   = "rsyslog-relp.extensions.gardener.cloud"
	version = group + "/v1alpha1"
)

// --- the objects' shapes ---

type typeMeta struct {
	Kind       string `json:"kind,omitempty"`
	APIVersion string `json:"apiVersion,omitempty"`
}

type content struct {
	Regex   *string `json:"regex,omitempty"`
	Exclude *string `json:"exclude,omitempty"`
}

type rule struct {
	ProgramNames   []string `json:"programNames,omitempty"`
	Severity       *int     `json:"severity,omitempty"`
	MessageContent *content `json:"messageContent,omitempty"`
}

type tls struct {
	Enabled             bool     `json:"enabled"`
	SecretReferenceName *string  `json:"secretReferenceName,omitempty"`
	PermittedPeer       []string `json:"permittedPeer,omitempty"`
	AuthMode            *string  `json:"authMode,omitempty"`
	TLSLib              *string  `json:"tlsLib,omitempty"`
}

type auditConfig struct {
	Enabled                bool    `json:"enabled"`
	ConfigMapReferenceName *string `json:"configMapReferenceName,omitempty"`
}

type config struct {
	typeMeta
	Target                       string       `json:"target"`
	Port                         int          `json:"port"`
	LoggingRules                 []rule       `json:"loggingRules,omitempty"`
	TLS                          *tls         `json:"tls,omitempty"`
	RebindInterval               *int         `json:"rebindInterval,omitempty"`
	Timeout                      *int         `json:"timeout,omitempty"`
	ResumeRetryCount             *int         `json:"resumeRetryCount,omitempty"`
	ReportSuspensionContinuation *bool        `json:"reportSuspensionContinuation,omitempty"`
	AuditConfig                  *auditConfig `json:"auditConfig,omitempty"`
}

type auditd struct {
	typeMeta
	AuditRules string `json:"auditRules"`
}

// Without apiVersion the type inside of Gardener is chosen, whose names have no tags.
type innerContent struct{ Regex, Exclude *string }

type innerRule struct {
	ProgramNames   []string
	Severity       *int
	MessageContent *innerContent
}

type innerTLS struct {
	Enabled             bool
	SecretReferenceName *string
	PermittedPeer       []string
	AuthMode            *string
	TLSLib              *string
}

type innerAuditConfig struct {
	Enabled                bool
	ConfigMapReferenceName *string
}

type innerConfig struct {
	typeMeta
	Target                       string
	Port                         int
	LoggingRules                 []innerRule
	TLS                          *innerTLS
	RebindInterval               *int
	Timeout                      *int
	ResumeRetryCount             *int
	ReportSuspensionContinuation *bool
	AuditConfig                  *innerAuditConfig
}

type innerAuditd struct {
	typeMeta
	AuditRules string
}

type shoot struct {
	typeMeta
	Metadata meta `json:"metadata"`
	Spec     struct {
		Extensions []struct {
			Type           string           `json:"type"`
			ProviderConfig *json.RawMessage `json:"providerConfig,omitempty"`
			Disabled       *bool            `json:"disabled,omitempty"`
		} `json:"extensions"`
		Resources []struct {
			Name        string `json:"name"`
			ResourceRef struct {
				Kind string `json:"kind"`
				Name string `json:"name"`
			} `json:"resourceRef"`
		} `json:"resources"`
	} `json:"spec"`
}

type meta struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

type secret struct {
	Metadata   meta               `json:"metadata"`
	Data       map[string]*string `json:"data"`
	StringData map[string]*string `json:"stringData"`
	Immutable  *bool              `json:"immutable"`
}

type configMap struct {
	Metadata  meta               `json:"metadata"`
	Data      map[string]*string `json:"data"`
	Immutable *bool              `json:"immutable"`
}

// --- errors ---

type finding struct {
	Document int    `json:"document"`
	Path     string `json:"path"`
	Kind     string `json:"kind"`
	Message  string `json:"message"`
	Value    string `json:"value"`
	Detail   string `json:"detail"`
	Used     bool   `json:"used"` // does a Shoot of the file refer to the object?
}

// Of one document; base stands before each path.
type list struct {
	document int
	base     string
	all      *[]finding
}

func (l list) at(base string) list {
	l.base += base
	return l
}

func (l list) add(path, kind, message, value, detail string) {
	if l.base != "" && path != "" {
		path = "." + path
	}
	*l.all = append(*l.all, finding{l.document, l.base + path, kind, message, value, detail, false})
}

func (l list) required(path, detail string) {
	l.add(path, "Required", "Required value: "+detail, "", detail)
}

func (l list) invalid(path string, value interface{}, detail string) {
	text := fmt.Sprintf("%#v", value)
	l.add(path, "Invalid", "Invalid value: "+text+": "+detail, fmt.Sprint(value), detail)
}

func (l list) unsupported(path, value string, supported ...string) {
	detail := "supported values: \"" + strings.Join(supported, "\", \"") + "\""
	l.add(path, "NotSupported", fmt.Sprintf("Unsupported value: %q: %s", value, detail), value, detail)
}

func (l list) decode(path string, err error) {
	l.add(path, "Decode", err.Error(), "", "")
}

func (l list) reference(path, message string) {
	l.add(path, "Reference", message, "", message)
}

// --- decoding ---

func strict(data []byte, into interface{}) error {
	wrong, err := kjson.UnmarshalStrict(data, into)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		texts := []string{}
		for _, e := range wrong {
			texts = append(texts, e.Error())
		}
		return errors.New(strings.Join(texts, ", "))
	}
	return nil
}

// As kubectl sends it.
func toJSON(text []byte) ([]byte, error) {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && json.Valid(text) {
		var any interface{}
		if err := strict(text, &any); err != nil {
			return nil, err
		}
		return json.Marshal(any)
	}
	return yaml.YAMLToJSONStrict(text)
}

// A text inside of an object: what begins as JSON does is read as nothing else.
func innerJSON(text []byte) ([]byte, error) {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return text, nil
	}
	return yaml.YAMLToJSONStrict(text)
}

// The object's version decides what it is decoded as: into, or the inner type without one.
func object(data []byte, kind string, into, inner interface{}) error {
	var t typeMeta
	if err := json.Unmarshal(data, &t); err != nil {
		return fmt.Errorf("couldn't get version/kind; json parse error: %v", err)
	}
	if strings.Count(t.APIVersion, "/") > 1 {
		return fmt.Errorf("no kind: unexpected GroupVersion string: %s", t.APIVersion)
	}
	if t.Kind != "" && t.Kind != kind {
		return fmt.Errorf("no kind %q is registered for version %q", t.Kind, t.APIVersion)
	}
	switch t.APIVersion {
	case version:
		return strict(data, into)
	case "", "/", group + "/", group + "/__internal":
		if err := strict(data, inner); err != nil {
			return err
		}
		text, err := json.Marshal(inner)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, into)
	}
	return fmt.Errorf("no kind %q is registered for version %q", kind, t.APIVersion)
}

// --- names and addresses ---

const subdomain = `[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*`

var (
	isSubdomain = regexp.MustCompile("^" + subdomain + "$")
	isWildcard  = regexp.MustCompile(`^\*\.` + subdomain + "$")
	isSHA1      = regexp.MustCompile(`^SHA1:[0-9A-Fa-f]{40}$`)
	isPrintable = regexp.MustCompile(`^[!-~]*$`)
	isProgram   = regexp.MustCompile(`^[^[:/]*$`)
	zeros       = regexp.MustCompile(`(^|:)0*([0-9]+)\.0*([0-9]+)\.0*([0-9]+)\.0*([0-9]+)$`)
	longGroup   = regexp.MustCompile(`[0-9A-Fa-f]{5,}(:|$)`)
)

func name(s string, shape *regexp.Regexp, words string) []string {
	var out []string
	if len(s) > 253 {
		out = append(out, "must be no more than 253 characters")
	}
	if !shape.MatchString(s) {
		out = append(out, words)
	}
	return out
}

func checkSubdomain(s string) []string {
	return name(s, isSubdomain, "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "+
		"'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "+
		"regex used for validation is '"+subdomain+"')")
}

func checkWildcard(s string) []string {
	return name(s, isWildcard, "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "+
		"which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric "+
		"character (e.g. '*.example.com', regex used for validation is '\\*\\."+subdomain+"')")
}

// What net/netip says, but for groups of many digits, which it took before Go 1.20.
func parse(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	return addr, err == nil && addr.Zone() == "" && !(addr.Is6() && longGroup.MatchString(s))
}

func checkIP(s string) string {
	if addr, ok := parse(s); !ok {
		if _, ok = parse(zeros.ReplaceAllString(s, "$1$2.$3.$4.$5")); ok {
			return "must not have leading 0s"
		}
		return "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
	} else if addr.Is4In6() {
		return "must not be an IPv4-mapped IPv6 address"
	} else if addr.String() != s {
		return fmt.Sprintf("must be in canonical form (%q)", addr.String())
	}
	return ""
}

// --- the checks ---

func (l list) checkTarget(target string) {
	if target == "" {
		l.required("target", "target must not be empty")
		return
	}
	ip, names := checkIP(target), checkSubdomain(target)
	if ip == "" || len(names) == 0 {
		return
	}
	for _, words := range append([]string{ip}, names...) {
		l.invalid("target", target, words)
	}
}

func (l list) checkPeer(path, peer string) {
	if peer == "" {
		l.required(path, "value cannot be empty")
		return
	}
	wild, plain := checkWildcard(peer), checkSubdomain(peer)
	if isSHA1.MatchString(peer) || len(wild) == 0 || len(plain) == 0 {
		return
	}
	l.invalid(path, peer, ".permitedPeer elements can only match `^SHA1:[0-9A-Fa-f]{40}$` or be a hostname (wildcards allowed)")
	for _, words := range append(wild, plain...) {
		l.invalid(path, peer, words)
	}
}

func (l list) checkTLS(t *tls) {
	if t == nil {
		return
	}
	if t.Enabled && (t.SecretReferenceName == nil || *t.SecretReferenceName == "") {
		l.required("tls.secretReferenceName", "secretReferenceName must not be empty when tls is enabled")
	}
	if m := t.AuthMode; m != nil && *m != "name" && *m != "fingerprint" {
		l.unsupported("tls.authMode", *m, "fingerprint", "name")
	}
	if m := t.TLSLib; m != nil && *m != "openssl" && *m != "gnutls" {
		l.unsupported("tls.tlsLib", *m, "gnutls", "openssl")
	}
	for i, peer := range t.PermittedPeer {
		l.checkPeer(fmt.Sprintf("tls.permittedPeer[%d]", i), peer)
	}
}

// The text is quoted before it is compiled: so admission does.
func (l list) checkRegex(path string, text *string) {
	if text == nil {
		return
	}
	_, err := regexp.CompilePOSIX(strconv.Quote(*text))
	if err == nil {
		return
	}
	words := err.Error()
	if e := err.(*syntax.Error); e.Code == syntax.ErrInternalError {
		words = "error parsing regexp: expression too large" // so since Go 1.20
	}
	l.required(path, "not a valid POSIX ERE regular expression: "+words)
}

func (l list) checkRule(path string, r rule) {
	if len(r.ProgramNames) == 0 && r.Severity == nil && r.MessageContent == nil {
		l.required(path, "at least one of .programNames, .messageContent, or .severity is required")
	}
	for i, s := range r.ProgramNames {
		at := fmt.Sprintf("%s.programNames[%d]", path, i)
		if s == "" {
			l.invalid(at, s, ".programNames can't contain empty program name")
		}
		if !isProgram.MatchString(s) {
			l.invalid(at, s, ".programNames can't contain `[`, `:` or `/`")
		}
		if !isPrintable.MatchString(s) {
			l.invalid(at, s, ".programNames can only contain printable characters")
		}
	}
	if c := r.MessageContent; c != nil {
		if c.Regex == nil && c.Exclude == nil {
			l.required(path+".messageContent", "either .regex or .exclude has to be provided")
		}
		l.checkRegex(path+".messageContent.regex", c.Regex)
		l.checkRegex(path+".messageContent.exclude", c.Exclude)
	}
}

func (l list) checkConfig(data []byte) *config {
	var c config
	if err := object(data, "RsyslogRelpConfig", &c, &innerConfig{}); err != nil {
		l.decode("", err)
		return nil
	}
	l.checkTarget(c.Target)
	if c.Port < 0 {
		l.invalid("port", c.Port, "port cannot be less than 0")
	}
	l.checkTLS(c.TLS)
	if len(c.LoggingRules) == 0 {
		l.required("loggingRules", "at least one logging rule is required")
	}
	for i, r := range c.LoggingRules {
		l.checkRule(fmt.Sprintf("loggingRules[%d]", i), r)
	}
	return &c
}

func (l list) checkAuditd(data []byte) {
	var a auditd
	if err := object(data, "Auditd", &a, &innerAuditd{}); err != nil {
		l.decode("", err)
	} else if a.AuditRules == "" {
		l.invalid("auditRules", "", "auditRules must not be empty")
	}
}

// --- what stands in the cluster ---

type document struct {
	kind string
	text []byte
	json []byte
	meta meta
	used bool
}

type file struct {
	documents []*document
	all       []finding
}

func (f *file) find(kind, name, ns string) {
	for _, d := range f.documents {
		if d.kind == kind && d.meta.Name == name && (ns == "" || d.meta.Namespace == "" || d.meta.Namespace == ns) {
			d.used = true
		}
	}
}

func (f *file) refer(l list, s *shoot, kind, name, path string) {
	for i, r := range s.Spec.Resources {
		if r.Name != name {
			continue
		}
		if r.ResourceRef.Kind != kind {
			l.reference(fmt.Sprintf("spec.resources[%d].resourceRef.kind", i), fmt.Sprintf(
				"invalid referenced resource, expected kind %s, not %s: %s", kind, r.ResourceRef.Kind, r.ResourceRef.Name))
			return
		}
		f.find(kind, r.ResourceRef.Name, s.Metadata.Namespace)
		return
	}
	l.reference(path, "missing or invalid referenced resource: "+name)
}

func (f *file) checkShoot(l list, data []byte) {
	var s shoot
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &s); err != nil {
		l.decode("", fmt.Errorf("the API server: %v", err))
		return
	}
	for i, e := range s.Spec.Extensions {
		if e.Type != "shoot-rsyslog-relp" {
			continue
		}
		if e.Disabled != nil && *e.Disabled {
			return
		}
		path := fmt.Sprintf("spec.extensions[%d].providerConfig", i)
		if e.ProviderConfig == nil {
			l.required(path, "Rsyslog relp configuration is required when using gardener-extension-shoot-rsyslog-relp")
			return
		}
		c := l.at(path).checkConfig(*e.ProviderConfig)
		if c == nil {
			return
		}
		if t := c.TLS; t != nil && t.Enabled && t.SecretReferenceName != nil && *t.SecretReferenceName != "" {
			f.refer(l, &s, "Secret", *t.SecretReferenceName, path+".tls.secretReferenceName")
		}
		if a := c.AuditConfig; a != nil && a.Enabled && a.ConfigMapReferenceName != nil {
			f.refer(l, &s, "ConfigMap", *a.ConfigMapReferenceName, path+".auditConfig.configMapReferenceName")
		}
		return
	}
}

func (l list) checkSecret(d *document) {
	var shape struct{ Data, StringData map[string]json.RawMessage }
	json.Unmarshal(d.json, &shape)
	there := 0
	for _, k := range []string{"ca", "crt", "key"} {
		if shape.Data[k] != nil || shape.StringData[k] != nil {
			there++
		}
	}
	if there < 2 && !d.used {
		return
	}
	var s secret
	if err := kjson.UnmarshalCaseSensitivePreserveInts(d.json, &s); err != nil {
		l.decode("", err)
		return
	}
	values := map[string]bool{}
	for k := range s.Data {
		values[k] = true
	}
	for k := range s.StringData {
		values[k] = true
	}
	ours := 0
	for _, k := range []string{"ca", "crt", "key"} {
		if values[k] {
			ours++
		}
	}
	for k, v := range s.Data {
		if v != nil {
			if _, err := base64.StdEncoding.DecodeString(*v); err != nil {
				l.decode("data."+k, fmt.Errorf("illegal base64 data"))
				return
			}
		}
	}
	for _, k := range []string{"ca", "crt", "key"} {
		if !values[k] {
			l.reference("data."+k, "is missing "+k+" value")
		}
	}
	if s.Immutable == nil || !*s.Immutable {
		l.reference("immutable", "must be immutable")
	}
	if len(values) != ours {
		l.reference("*", "should have only three data entries")
	}
}

func (l list) checkConfigMap(d *document) {
	var shape struct {
		Data map[string]json.RawMessage `json:"data"`
	}
	json.Unmarshal(d.json, &shape)
	if _, there := shape.Data["auditd"]; !there && !d.used {
		return
	}
	var m configMap
	if err := kjson.UnmarshalCaseSensitivePreserveInts(d.json, &m); err != nil {
		l.decode("", err)
		return
	}
	text, there := m.Data["auditd"]
	if m.Immutable == nil || !*m.Immutable {
		l.reference("immutable", "must be immutable")
	}
	if len(m.Data) > 1 || (!there && len(m.Data) > 0) {
		l.reference("*", "should have auditd as its only data entry")
	}
	if !there {
		l.reference("data.auditd", "missing 'data.auditd' field in")
	} else if text == nil || *text == "" {
		l.reference("data.auditd", "empty auditd config. Provide non-empty auditd config in")
	} else if data, err := innerJSON([]byte(*text)); err != nil {
		l.decode("data.auditd", err)
	} else {
		l.at("data.auditd").checkAuditd(data)
	}
}

func (f *file) judge() []finding {
	f.all = []finding{}
	for i, d := range f.documents {
		l := list{i, "", &f.all}
		var err error
		if d.json, err = toJSON(d.text); err != nil {
			l.decode("", err)
			d.kind = "broken"
			continue
		}
		var o struct{ Metadata meta }
		json.Unmarshal(d.json, &o)
		d.meta = o.Metadata
	}
	for i, d := range f.documents {
		if d.kind == "Shoot" {
			f.checkShoot(list{i, "", &f.all}, d.json)
		}
	}
	for i, d := range f.documents {
		l := list{i, "", &f.all}
		switch d.kind {
		case "RsyslogRelpConfig":
			l.checkConfig(d.json)
		case "Auditd":
			l.checkAuditd(d.json)
		case "Secret":
			l.checkSecret(d)
		case "ConfigMap":
			l.checkConfigMap(d)
		}
	}
	for i := range f.all {
		f.all[i].Used = f.documents[f.all[i].Document].used
	}
	return f.all
}

func main() {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	var f *file
	done := func() {
		if f != nil {
			lines.Encode(f.judge())
		}
	}
	for {
		line, err := in.ReadBytes('\n')
		if mark := strings.TrimSpace(string(line)); mark == "%%% file" {
			done()
			f = &file{}
		} else if strings.HasPrefix(mark, "%%% document ") {
			f.documents = append(f.documents, &document{kind: mark[len("%%% document "):]})
		} else if n := len(f.documents); n > 0 {
			f.documents[n-1].text = append(f.documents[n-1].text, line...)
		}
		if err == io.EOF {
			done()
			return
		}
	}
}
