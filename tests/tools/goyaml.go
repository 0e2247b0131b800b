// SPDX-License-Identifier: Apache-2.0

// Reads random small texts with sigs.k8s.io/yaml (strict, as Kubernetes does) and
// with relpbox's reader, and says where they differ. By hand: see
// docs/CONFIGURATION.md, "How YAML is read".
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"reflect"
	"strings"

	goyaml "gopkg.in/yaml.v2"
	"sigs.k8s.io/yaml"
)

var parts = []string{
	"a", "b", "c", "x y", "1", "01", "08", "0x1f", "0b1", "0o7", "1_0", "-1", "+1", "1.5", ".5", "1e3",
	"1E400", "18446744073709551615", "9223372036854775808", "yes", "No", "on", "OFF", "y", "n", "true", "False",
	"~", "null", "Null", ".inf", "-.INF", ".nan", "2001-01-01", "2001-12-14t21:59:43.10-05:00",
	"\"a\"", "'b'", "'it''s'", "\"\\u00e9\\n\\/\"", "\"\\x41\"", "\"a\\\n b\"", "\"1\"", "''", "\"\"",
	"&x ", "&y ", "*x", "*y", "<<: ", "<<: *x", "<<: [*x, *y]", "<<: {a: 1}",
	"!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "!!timestamp ", "!!seq ", "!!map ", "!!set ", "!!omap ",
	"!x ", "! ", "!<tag:yaml.org,2002:str> ",
	": ", ":", "- ", "-", "? ", ", ", ",", "[", "]", "{", "}", "{a: 1}", "[1, 2]", "{}", "[]", "{b: 2, a}", "[a: 1]",
	"|", "|-", "|+", "|2", ">", ">-", "\n", "\n", "\n", "\n", "\n  ", "\n  ", "\n    ", "\n\n", "  ", " ", "\t",
	"# c", " # c", "---", "--- ", "...", "%YAML 1.1\n---", "%YAML 1.2\n---", "%TAG ! tag:x,2000:\n---",
	"\r\n", "\r", "\u0085", "\u2028", "\uFEFF", "é", "😀", "\x00", "\x7f", "\x80", "@", "`", "%", "\"", "'", "\\", "<<", "=",
}

var lines = []string{
	"a: 1", "b: 2", "a: *x", "b: &x", "c: &x {a: 1}", "d: &y [1, 2]", "<<: *x", "<<: [*x, *y]", "- 1", "- a: 1", "- b", "- - 1",
	"a:", "b:", "? c", ": d", "? [1]", "? {a: 1}", "~: 1", "null: 2", "1: a", "1.5: b", "1e3: c", "1234567.0: d", "true: e", "yes: f",
	"\"1\": g", "18446744073709551615: h", ".inf: i", "0x10: j", "e: |", "f: >", "g: |-", "h: |2", "text", "more text", "'q", "q'",
	"i: \"a", "b\"", "# comment", "j: # c", "k: [1,", "2]", "l: {a: 1,", "b: 2}", "m: !!str 1", "n: !!int \"1\"", "o: !!float 1",
	"p: !!set {a, b}", "q: !!binary aGk=", "r: !!bool maybe", "s: !!null x", "t: !!timestamp 2001-01-01", "u: 2001-01-01", "v: !x 1",
	"", "  ", "---", "...", "%YAML 1.1", "-\t1", "w:\t1", "\tx: 1", "y: 'it''s'", "!!map", "&z", "<<: 1", "<<: {a: 3}", "\"<<\": 1",
}

func text(r *rand.Rand) string {
	var b strings.Builder
	if r.Intn(2) == 0 {
		for n := 1 + r.Intn(9); n > 0; n-- {
			b.WriteString(parts[r.Intn(len(parts))])
		}
		return b.String()
	}
	for n := 1 + r.Intn(7); n > 0; n-- {
		b.WriteString(strings.Repeat("  ", []int{0, 0, 0, 0, 1, 1, 2}[r.Intn(7)]))
		b.WriteString(lines[r.Intn(len(lines))])
		if r.Intn(12) == 0 {
			b.WriteString(" " + parts[r.Intn(len(parts))])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// The library panics on a few texts.
func theirs(s string) (out string) {
	defer func() {
		if recover() != nil {
			out = "-panic"
		}
	}()
	j, err := yaml.YAMLToJSONStrict([]byte(s))
	if err != nil {
		return "-" + err.Error()
	}
	if !ends(s) {
		return "-what follows the document is no YAML"
	}
	return string(j)
}

// The library leaves alone what follows the first document; relpbox wants YAML there too.
func ends(s string) bool {
	d := goyaml.NewDecoder(strings.NewReader(s))
	for {
		var v interface{}
		err := d.Decode(&v)
		if err == io.EOF {
			return true
		}
		if err != nil {
			_, values := err.(*goyaml.TypeError)
			if !values && !strings.Contains(err.Error(), "map merge requires") && !strings.Contains(err.Error(), "invalid map key") {
				return false
			}
		}
	}
}

func same(a, b string) bool {
	if strings.HasPrefix(a, "-") && strings.HasPrefix(b, "-") && (len(a) == 1 || a[1] < '0' || a[1] > '9') && len(b) == 1 {
		return true
	}
	var x, y interface{}
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}

// What docs/CONFIGURATION.md says is read differently.
var known = []string{"!!binary", "!!timestamp", "\\/", "\ufeff", "\u0085", "\u2028", "%TAG", "%YAML", "! <<"}

func isKnown(s, go_, ours string) bool {
	if ours == "-" && strings.Contains(s, "1: ") && strings.Contains(s, "\"1\": ") {
		return true
	}
	if strings.HasPrefix(strings.TrimLeft(s, " \r\n"), "\t") && strings.Contains(go_, "cannot start any token") {
		return true // JSON may be indented with tabs
	}

	for _, k := range known {
		if strings.Contains(s, k) {
			return true
		}
	}
	return false
}

func main() {
	seed := flag.Int64("seed", 1, "")
	n := flag.Int("n", 40000, "how many texts")
	tool := flag.String("tool", "build/tools/yamljson", "")
	flag.Parse()
	cmd := exec.Command(*tool)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	answers := bufio.NewReader(out)
	r := rand.New(rand.NewSource(*seed))
	differ, taken, expected := 0, 0, 0
	for i := 0; i < *n; i++ {
		s := text(r)
		fmt.Fprintf(in, "%d\n%s", len(s), s)
		ours, err := answers.ReadString('\n')
		if err != nil {
			panic(fmt.Sprintf("%v after %q", err, s))
		}
		ours = strings.TrimSuffix(ours, "\n")
		go_ := theirs(s)
		if !strings.HasPrefix(ours, "-") {
			taken++
		}
		if same(go_, ours) || (ours == "!" && strings.Contains(go_, "unsupported value")) {
			continue
		}
		if isKnown(s, go_, ours) {
			expected++
			continue
		}
		differ++
		fmt.Printf("%q\n  sigs.k8s.io/yaml: %s\n  relpbox:          %s\n", s, go_, ours)
	}
	fmt.Printf("%d texts, %d taken, %d differ as documented, %d otherwise\n", *n, taken, expected, differ)
	if differ > 0 {
		os.Exit(1)
	}
}
