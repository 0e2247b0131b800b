// SPDX-License-Identifier: Apache-2.0
#include "tls/report.h"

#include <stdio.h>

struct cause {
	const char *name, *hint;
};

static const struct cause *cause_of(enum tls_cause cause)
{
	static const struct cause unknown = { "unknown", NULL };
	static const struct cause causes[] = {
		[TLS_UNKNOWN] = { "unknown", NULL },
		[TLS_GOOD] = { "good", NULL },
		[TLS_PEER_NO_CERTIFICATE] = { "peer-no-certificate",
			"Give the peer a certificate and its key; rsyslog: tls.myCert and "
			"tls.myPrivKey." },
		[TLS_PEER_UNKNOWN_CA] = { "peer-unknown-ca",
			"Give the CA that issued the peer's certificate; or, when a CA between them is "
			"missing, have the peer send its whole chain." },
		[TLS_PEER_SELF_SIGNED] = { "peer-self-signed",
			"Pin it with auth-mode fingerprint, or give that certificate itself as the "
			"CA if it is the right one." },
		[TLS_PEER_BAD_SIGNATURE] = { "peer-bad-signature",
			"The CA was probably made anew under its old name: give the CA's present "
			"certificate, or have the peer's issued again." },
		[TLS_PEER_EXPIRED] = { "peer-expired",
			"Renew it on the peer's side; if the dates look right, set the clock." },
		[TLS_PEER_NOT_YET_VALID] = { "peer-not-yet-valid",
			"Look whether the clock is right, here and where it was issued." },
		[TLS_PEER_CA_AS_LEAF] = { "peer-ca-as-leaf",
			"Configure the peer with a certificate of its own, issued by that CA." },
		[TLS_PEER_PURPOSE] = { "peer-purpose",
			"Issue it with key usage digitalSignature and extended key usage serverAuth "
			"for a receiver, clientAuth for a sender." },
		[TLS_PEER_WEAK] = { "peer-weak",
			"Issue it again with an EC key or RSA of 2048 bits or more, signed with "
			"SHA-256 or better." },
		[TLS_PEER_KEY] = { "peer-key",
			"Somebody may pose as the peer with a copy of its certificate; or the peer has "
			"the key of another certificate." },
		[TLS_PEER_NAME] = { "peer-name",
			"If it is the right peer, add one of its names to permittedPeer, or connect to "
			"it by that name." },
		[TLS_PEER_NAME_CASE] = { "peer-name-case",
			"Write the name as the certificate has it: upper and lower case count." },
		[TLS_PEER_FINGERPRINT] = { "peer-fingerprint",
			"If it is the right peer, put the fingerprint that was seen into "
			"permittedPeer." },
		[TLS_WE_REFUSED] = { "we-refused",
			"Look at our certificate's CA, dates, names and purpose, and into the peer's log." },
		[TLS_WE_DROPPED] = { "we-dropped",
			"Compare our certificate's CA, dates, names and fingerprint with what the peer "
			"permits, and look into its log." },
		[TLS_NOTHING_COMMON] = { "nothing-common",
			"TLS 1.2 with ECDHE and AES-GCM or ChaCha20, or TLS 1.3, is needed on both "
			"sides; rsyslog without a certificate speaks anonymous TLS, which is "
			"not supported." },
		[TLS_NOT_TLS] = { "not-tls", "Look at the port: something else than TLS is there." },
		[TLS_PLAIN_RELP] = { "plain-relp",
			"Switch TLS on at the peer, or off here, or take its TLS port." },
		[TLS_CLOSED] = { "closed",
			"Look into the peer's log; a port that is not for TLS ends a connection like "
			"this too." },
		[TLS_ALERT] = { "alert", "Look into the peer's log." },
		[TLS_BROKEN] = { "broken",
			"Look whether something between the two changes what is sent, and try again." },
	};
	size_t n = (size_t)cause;
	return n < sizeof(causes) / sizeof(causes[0]) ? &causes[n] : &unknown;
}

const char *tls_cause_name(enum tls_cause cause)
{
	return cause_of(cause)->name;
}

const char *tls_cause_hint(enum tls_cause cause)
{
	return cause_of(cause)->hint;
}

/* What an alert about our certificate asks for; NULL: nothing that the cause does not say. */
static const char *refused_hint(int alert)
{
	switch (alert) {
	case 43: /* unsupported_certificate */
		return "Have it issued with extended key usage clientAuth for a sender, serverAuth for a "
		       "receiver, key usage digitalSignature, and a key and a signature that the peer "
		       "takes.";
	case 45: /* certificate_expired */
		return "Renew our certificate; if its dates look right, set the clock, here or at the "
		       "peer.";
	case 48: /* unknown_ca */
		return "Give the peer the CA that issued our certificate (rsyslog: tls.caCert); or, when a "
		       "CA between them is missing, put it behind our certificate.";
	default:
		return NULL;
	}
}

const char *tls_report_hint(const struct tls_report *r)
{
	bool ours = tls_cause_is_peer(r->cause) && r->ca.n && r->bad >= r->chain.n;
	bool wanted = r->cause == TLS_WE_REFUSED || r->cause == TLS_WE_DROPPED;

	if (ours && r->cause == TLS_PEER_WEAK)
		return "The CA has to be made anew with an EC key or RSA of 2048 bits or more, here and "
		       "at the peer.";
	if (ours)
		return "Put the CA's present certificate into the file here; if the dates look right, "
		       "set the clock.";
	if (wanted && r->own == TLS_OWN_NONE)
		return "Give a certificate that the peer permits, and its key.";
	if (r->cause == TLS_WE_REFUSED && refused_hint(r->alert))
		return refused_hint(r->alert);
	return tls_cause_hint(r->cause);
}

bool tls_cause_is_peer(enum tls_cause cause)
{
	return cause >= TLS_PEER_NO_CERTIFICATE && cause <= TLS_PEER_FINGERPRINT;
}

/* RFC 8446 section 6, and those of RFC 5246 section 7.2 and RFC 6066 section 9 that it dropped. */
const char *tls_alert_name(int alert, char out[32])
{
	static const struct {
		int number;
		const char *name;
	} known[] = {
		{ 0, "close_notify" }, { 10, "unexpected_message" }, { 20, "bad_record_mac" },
		{ 21, "decryption_failed" }, { 22, "record_overflow" }, { 30, "decompression_failure" },
		{ 40, "handshake_failure" }, { 41, "no_certificate" }, { 42, "bad_certificate" },
		{ 43, "unsupported_certificate" }, { 44, "certificate_revoked" },
		{ 45, "certificate_expired" }, { 46, "certificate_unknown" }, { 47, "illegal_parameter" },
		{ 48, "unknown_ca" }, { 49, "access_denied" }, { 50, "decode_error" },
		{ 51, "decrypt_error" }, { 60, "export_restriction" }, { 70, "protocol_version" },
		{ 71, "insufficient_security" }, { 80, "internal_error" },
		{ 86, "inappropriate_fallback" }, { 90, "user_canceled" }, { 100, "no_renegotiation" },
		{ 109, "missing_extension" }, { 110, "unsupported_extension" },
		{ 111, "certificate_unobtainable" }, { 112, "unrecognized_name" },
		{ 113, "bad_certificate_status_response" }, { 114, "bad_certificate_hash_value" },
		{ 115, "unknown_psk_identity" }, { 116, "certificate_required" },
		{ 120, "no_application_protocol" },
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == alert)
			return known[i].name;
	snprintf(out, 32, "alert %d", alert);
	return out;
}
