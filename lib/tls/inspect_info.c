// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "tls/inspect.h"

#define OM (TLS_OPENSSL | TLS_MBEDTLS)

/*
 * Who refuses what: of ca, crt and key on the node; and a receiver that sees the
 * certificate. Measured, see docs/TLS.md. The words: what it means, and how to mend it.
 */
static const struct tls_trouble_info infos[] = {
	/* the text as a whole */
	[TLS_EMPTY] = { "tls-empty", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "There is nothing in it, or nothing but blanks.",
	  "Put the PEM text there." },
	[TLS_TOO_LONG] = { "tls-too-long", { TLS_MBEDTLS, TLS_MBEDTLS, TLS_MBEDTLS }, 0,
	  "It is longer than what relpbox reads: 1 MiB, and 512 certificates.",
	  "Leave only those certificates that are needed." },
	[TLS_UTF16] = { "tls-utf16", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "The text is UTF-16, as PowerShell's > writes it; TLS libraries read ASCII.",
	  "Write it as ASCII or UTF-8: in PowerShell with Set-Content -Encoding ascii." },
	[TLS_DER] = { "tls-der", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "It is a certificate or key in binary form.",
	  "Convert it: openssl x509 -inform der, or openssl pkey -inform der." },
	[TLS_BASE64_TWICE] = { "tls-base64-twice", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "What base64 was taken off of is base64 again: a text that was encoded already "
	  "was put under data, where it is encoded, or by a tool that encodes.",
	  "Encode it once under data, or put the PEM text itself under stringData." },
	[TLS_NO_BEGIN] = { "tls-no-begin", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "There is base64, and no -----BEGIN ...----- line before it.",
	  "Copy the whole of the file, from its first line on." },
	[TLS_NOT_PEM] = { "tls-not-pem", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "Nothing in it begins a PEM block: no -----BEGIN ...----- line.",
	  "Put the PEM text there, and not the name of a file or another format." },
	/* blocks that are damaged */
	[TLS_BEGIN_BROKEN] = { "tls-begin-broken", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "A BEGIN line needs five dashes before and behind, upper case, and its words as "
	  "they are.",
	  "Copy the block again, with the whole of its first line." },
	[TLS_BEGIN_TWICE] = { "tls-begin-twice", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "The first line says BEGIN BEGIN.",
	  "Write BEGIN once." },
	[TLS_NO_END] = { "tls-no-end", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "A block has no -----END ...----- line before the text or the next block: it "
	  "was cut off.",
	  "Copy the whole of the block." },
	[TLS_END_BROKEN] = { "tls-end-broken", { OM, OM, OM }, 0,
	  "The END line of a block is without its five dashes behind. GnuTLS does not "
	  "look; OpenSSL and relpbox refuse the text.",
	  "Copy the block again, with the whole of its last line." },
	[TLS_LABEL_MISMATCH] = { "tls-label-mismatch", { OM, OM, OM }, 0,
	  "The END line of a block does not name what the BEGIN line does. GnuTLS does "
	  "not look; OpenSSL and relpbox refuse the text.",
	  "Look whether parts of two files were mixed; copy the block again." },
	[TLS_BLOCK_EMPTY] = { "tls-block-empty", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "Nothing stands between BEGIN and END.",
	  "Copy the whole of the block." },
	[TLS_BAD_BASE64] = { "tls-bad-base64", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "Between BEGIN and END there is a character that is not base64, or some are "
	  "missing.",
	  "Copy the block again, unchanged." },
	[TLS_NEWLINES_ESCAPED] = { "tls-newlines-escaped", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "The line ends are written as a backslash and an n, as from JSON or a quoted "
	  "variable.",
	  "Use a YAML block (|) or double quotes, which read \\n as a line end." },
	/* something else than what belongs there */
	[TLS_WANTS_CERT_IS_KEY] = { "tls-wants-cert-is-key", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "There is a private key where certificates belong. Were the entries swapped?",
	  "Put the certificate there, and take the key for known to others if this text "
	  "was shown." },
	[TLS_WANTS_KEY_IS_CERT] = { "tls-wants-key-is-cert", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "There is a certificate where the private key belongs. Were the entries "
	  "swapped?",
	  "Put the private key there." },
	[TLS_IS_REQUEST] = { "tls-is-request", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "There is a certificate signing request: what is sent to a CA, and not what "
	  "comes back.",
	  "Have the CA issue the certificate, and put that there." },
	[TLS_IS_PUBLIC_KEY] = { "tls-is-public-key", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "There is a public key alone.",
	  "Put the certificate, or the private key, there." },
	[TLS_WRONG_KIND] = { "tls-wrong-kind", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "The PEM blocks in it are of another kind than what belongs there.",
	  "Put the certificate, or the private key, there; a PKCS #7 or #12 file has to "
	  "be taken apart by openssl first." },
	[TLS_CERT_LABEL] = { "tls-cert-label", { TLS_MBEDTLS, TLS_MBEDTLS, TLS_MBEDTLS }, 0,
	  "A certificate stands under the old label X509 CERTIFICATE. relpbox does not "
	  "take that.",
	  "openssl x509 -in FILE writes it under the usual one." },
	[TLS_CERT_TRUSTED] = { "tls-cert-trusted", { TLS_GNUTLS | TLS_MBEDTLS, TLS_GNUTLS | TLS_MBEDTLS, TLS_GNUTLS | TLS_MBEDTLS }, 0,
	  "A certificate stands under the label TRUSTED CERTIFICATE, which OpenSSL alone "
	  "takes.",
	  "openssl x509 -in FILE writes it under the usual one." },
	[TLS_KEY_IN_CERTS] = { "tls-key-in-certs", { 0, 0, 0 }, 0,
	  "A private key stands among certificates. All libraries pass over it; but "
	  "whoever may read the certificates, has it.",
	  "Take it out; where the text was shown to others, make a new key." },
	[TLS_CERT_IN_KEY] = { "tls-cert-in-key", { 0, 0, 0 }, 0,
	  "A certificate stands beside the private key. All libraries pass over it.",
	  "Leave the private key alone there." },
	[TLS_REQUEST_BESIDE] = { "tls-request-beside", { TLS_GNUTLS, TLS_GNUTLS, 0 }, 0,
	  "A certificate signing request stands among certificates: GnuTLS takes it for a "
	  "certificate, and refuses the whole text.",
	  "Take it out." },
	[TLS_OTHER_BLOCK] = { "tls-other-block", { 0, 0, 0 }, 0,
	  "A block stands there that nobody uses.",
	  "Take it out." },
	[TLS_KEYS_SEVERAL] = { "tls-keys-several", { 0, 0, 0 }, 0,
	  "There is more than one private key: the first is used, whatever the others "
	  "are.",
	  "Leave the one that belongs to the certificate." },
	[TLS_KEY_ENCRYPTED] = { "tls-key-encrypted", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "The private key needs a password, and on a node nobody types it.",
	  "Write it out without one: openssl pkey -in FILE." },
	/* form: blanks, line ends */
	[TLS_ONE_LINE] = { "tls-one-line", { OM, OM, OM }, 0,
	  "The line ends are lost, as a folded YAML text (>) or a shell variable without "
	  "quotes makes it. GnuTLS reads that; OpenSSL and relpbox do not.",
	  "Keep the line ends: in YAML a literal block (|), in a shell \"$VARIABLE\"." },
	[TLS_BLOCKS_JOINED] = { "tls-blocks-joined", { TLS_OPENSSL, TLS_OPENSSL, TLS_OPENSSL }, 0,
	  "END and the next BEGIN share a line: files without a line end at their end "
	  "were put together. OpenSSL refuses that.",
	  "Put a line end between them." },
	[TLS_BEGIN_INDENTED] = { "tls-begin-indented", { TLS_OPENSSL, TLS_OPENSSL, TLS_OPENSSL }, 0,
	  "There are blanks before BEGIN. OpenSSL does not see such a line.",
	  "Take the blanks away: in YAML the text is indented under its key, and no "
	  "further." },
	[TLS_BODY_BLANKS] = { "tls-body-blanks", { TLS_MBEDTLS, TLS_MBEDTLS, TLS_MBEDTLS }, 0,
	  "There are blanks before or amid the base64. relpbox does not take that.",
	  "Take the blanks away." },
	[TLS_BEGIN_PREFIXED] = { "tls-begin-prefixed", { TLS_OPENSSL, TLS_OPENSSL, TLS_OPENSSL }, 0,
	  "Something stands before BEGIN in its line: a sixth dash, a quote, a word. "
	  "OpenSSL does not see such a line.",
	  "Begin the line with -----BEGIN." },
	[TLS_END_MIXED] = { "tls-end-mixed", { TLS_OPENSSL, TLS_OPENSSL, TLS_OPENSSL }, 0,
	  "END shares its line with something else: blanks, a word, the end of the "
	  "base64. OpenSSL does not see such a line.",
	  "Put END into a line of its own, from -----END to its last dash." },
	[TLS_TRAILING_BLANKS] = { "tls-trailing-blanks", { TLS_MBEDTLS, TLS_MBEDTLS, TLS_MBEDTLS }, 0,
	  "There are tabs at the end of lines, or more than one blank behind BEGIN. "
	  "relpbox does not take that.",
	  "Take them away." },
	[TLS_EMPTY_LINE] = { "tls-empty-line", { TLS_OPENSSL, TLS_OPENSSL, TLS_OPENSSL }, 0,
	  "There is an empty line amid the base64 of a block. OpenSSL does not take that.",
	  "Take it out." },
	[TLS_LONE_CR] = { "tls-lone-cr", { OM, OM, OM }, 0,
	  "Lines end with CR alone. GnuTLS reads that; OpenSSL and relpbox do not.",
	  "End lines with LF." },
	[TLS_CRLF] = { "tls-crlf", { 0, 0, 0 }, 0,
	  "Lines end with CR LF. All libraries take that.",
	  "Nothing has to be done; dos2unix makes it as usual." },
	[TLS_BOM] = { "tls-bom", { 0, 0, 0 }, 0,
	  "The text begins with a byte order mark. All libraries take that.",
	  "Nothing has to be done; an editor saves it without." },
	[TLS_NUL] = { "tls-nul", { OM, OM, OM }, 0,
	  "There is a NUL byte before the end of the last block, at which OpenSSL or "
	  "relpbox stop.",
	  "Copy the text again." },
	[TLS_JUNK] = { "tls-junk", { 0, 0, 0 }, 0,
	  "Outside of all blocks a line looks like a part of one: base64, or dashes with "
	  "BEGIN or END. All libraries pass over it.",
	  "See whether a certificate was to be there; else take it out." },
	/* a certificate, a key */
	[TLS_CERT_DAMAGED] = { "tls-cert-damaged", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "The base64 is right, and what is in it is no certificate.",
	  "Copy it again, or have it issued again." },
	[TLS_CERT_EXTENSION] = { "tls-cert-extension", { TLS_MBEDTLS, TLS_MBEDTLS, TLS_MBEDTLS }, TLS_ALL,
	  "The certificate has an extension that is malformed, or critical and not known. "
	  "relpbox does not read it, and receivers refuse it.",
	  "Have it issued without." },
	[TLS_DER_LONGER] = { "tls-der-longer", { TLS_GNUTLS, TLS_GNUTLS | TLS_OPENSSL, 0 }, 0,
	  "More bytes follow the certificate inside its block. relpbox passes over them; "
	  "GnuTLS refuses them, OpenSSL in crt.",
	  "Copy it again, or write it anew: openssl x509 -in FILE." },
	[TLS_CERT_KEY_KIND] = { "tls-cert-key-kind", { TLS_MBEDTLS, TLS_MBEDTLS, TLS_MBEDTLS }, TLS_MBEDTLS,
	  "The key or signature is Ed25519, Ed448, RSA-PSS or DSA: of a kind that relpbox "
	  "does not take. Nothing more is said of this certificate.",
	  "Have it issued with an EC key (P-256) or RSA, and signed with SHA-256." },
	[TLS_CERT_MD5] = { "tls-cert-md5", { TLS_MBEDTLS, TLS_OPENSSL | TLS_MBEDTLS, 0 }, TLS_ALL,
	  "It is signed with MD5. relpbox does not read it, OpenSSL does not load it as "
	  "ours, and no receiver takes it.",
	  "Have it signed with SHA-256." },
	[TLS_CERT_CURVE] = { "tls-cert-curve", { TLS_GNUTLS | TLS_MBEDTLS, TLS_GNUTLS | TLS_MBEDTLS, TLS_GNUTLS | TLS_MBEDTLS }, TLS_ALL,
	  "The key is of a curve other than P-256, P-384 and P-521. GnuTLS reads P-224 "
	  "alone of them, relpbox none, and no receiver agreed to one.",
	  "Have it issued with a key on P-256." },
	[TLS_WEAK_RSA] = { "tls-weak-rsa", { OM, TLS_OPENSSL, 0 }, TLS_OPENSSL | TLS_MBEDTLS,
	  "The RSA key has less than 2048 bits. As a CA's, OpenSSL and relpbox refuse "
	  "what it signed; as ours, OpenSSL does not load it, and as receivers both "
	  "refuse it.",
	  "Have it issued with a key of 2048 bits or more, or an EC key." },
	[TLS_LONG_RSA] = { "tls-long-rsa", { TLS_MBEDTLS, TLS_MBEDTLS, TLS_MBEDTLS }, TLS_MBEDTLS,
	  "The RSA key has more than 4096 bits, with which relpbox does not compute.",
	  "Have it issued with a key of 2048 to 4096 bits, or an EC key." },
	[TLS_WEAK_SIGNATURE] = { "tls-weak-signature", { TLS_OPENSSL, TLS_OPENSSL, 0 }, TLS_ALL,
	  "It is signed with SHA-1. OpenSSL does not load such a certificate as ours, and "
	  "receivers refuse it.",
	  "Have it signed with SHA-256." },
	[TLS_KEY_DAMAGED] = { "tls-key-damaged", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "The base64 is right, and what is in it is no private key.",
	  "Copy it again; else make a new key and certificate." },
	[TLS_KEY_LABEL] = { "tls-key-label", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "BEGIN names another form of key than what follows: PRIVATE KEY is PKCS #8, RSA "
	  "PRIVATE KEY is PKCS #1, EC PRIVATE KEY is SEC 1.",
	  "Write it anew from where it came; do not change the BEGIN line." },
	[TLS_KEY_LABEL_PKCS8] = { "tls-key-label-pkcs8", { 0, 0, TLS_GNUTLS | TLS_MBEDTLS }, 0,
	  "The key is PKCS #8, and BEGIN says RSA or EC PRIVATE KEY. OpenSSL alone takes "
	  "that.",
	  "Write BEGIN PRIVATE KEY and END PRIVATE KEY, or write it anew: openssl pkey "
	  "-in FILE." },
	[TLS_KEY_KIND] = { "tls-key-kind", { TLS_MBEDTLS, TLS_MBEDTLS, TLS_MBEDTLS }, 0,
	  "The private key is of a kind that relpbox does not take: Ed25519, Ed448, DSA, "
	  "another curve than P-256, P-384 and P-521.",
	  "Make an EC key (P-256) or an RSA key, and have its certificate issued." },
	[TLS_KEY_MISMATCH] = { "tls-key-mismatch", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "Key and certificate do not belong to each other: one of them was renewed, or "
	  "the files were mixed up.",
	  "Put the key there that the certificate was issued for. openssl x509 -noout "
	  "-pubkey and openssl pkey -pubout have to say the same." },
	/* our certificate, and those behind it */
	[TLS_EXPIRED] = { "tls-expired", { 0, 0, 0 }, TLS_ALL,
	  "Our certificate is over; receivers refuse it.",
	  "Renew it." },
	[TLS_NOT_YET_VALID] = { "tls-not-yet-valid", { 0, 0, 0 }, TLS_ALL,
	  "Our certificate is not valid yet; receivers refuse it.",
	  "Wait, or see whether the clock is right, here and where it was issued." },
	[TLS_EXPIRES_SOON] = { "tls-expires-soon", { 0, 0, 0 }, 0,
	  "Our certificate ends within the time that was asked about.",
	  "Renew it." },
	[TLS_CHAIN_EXPIRED] = { "tls-chain-expired", { 0, 0, 0 }, TLS_ALL,
	  "A certificate behind ours is over; receivers that need it refuse ours.",
	  "Put the renewed one of that CA there." },
	[TLS_CHAIN_NOT_YET_VALID] = { "tls-chain-not-yet-valid", { 0, 0, 0 }, TLS_ALL,
	  "A certificate behind ours is not valid yet.",
	  "Wait, or take the present one of that CA." },
	[TLS_CHAIN_EXPIRES_SOON] = { "tls-chain-expires-soon", { 0, 0, 0 }, 0,
	  "A certificate behind ours ends within the time that was asked about.",
	  "Put the renewed one of that CA there." },
	[TLS_NOT_FOR_CLIENTS] = { "tls-not-for-clients", { 0, 0, 0 }, TLS_OPENSSL | TLS_MBEDTLS,
	  "Our certificate has extended key usages, and clientAuth is not among them. A "
	  "receiver with OpenSSL or relpbox refuses it, one with GnuTLS takes it.",
	  "Have it issued with clientAuth." },
	[TLS_KEY_USAGE] = { "tls-key-usage", { 0, TLS_GNUTLS, 0 }, TLS_ALL,
	  "The key usage of our certificate has no digitalSignature. GnuTLS breaks off, "
	  "and receivers refuse it; OpenSSL's takes keyAgreement instead.",
	  "Have it issued with digitalSignature." },
	[TLS_CERT_IS_CA] = { "tls-cert-is-ca", { 0, 0, 0 }, TLS_MBEDTLS,
	  "Our certificate is a CA's: whoever has the node's key, may issue certificates. "
	  "relpbox as the receiver refuses it.",
	  "Have a certificate of its own issued for the node." },
	[TLS_NO_NAME] = { "tls-no-name", { 0, 0, 0 }, TLS_GNUTLS | TLS_OPENSSL,
	  "Our certificate has no name by which a receiver could permit it: only one that "
	  "goes by fingerprints or takes all of a CA accepts it.",
	  "Have it issued with a DNS name." },
	[TLS_SELF_SIGNED] = { "tls-self-signed", { 0, 0, 0 }, 0,
	  "Our certificate signed itself. A receiver takes it that has it among its CAs, "
	  "or (GnuTLS, relpbox) its fingerprint.",
	  "Have it issued by the CA that the receiver trusts." },
	[TLS_LEAF_NOT_FIRST] = { "tls-leaf-not-first", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "The certificate of the key stands behind another. The first is what is shown.",
	  "Put it first, its issuer's behind it, and so on." },
	[TLS_CHAIN_ORDER] = { "tls-chain-order", { 0, 0, 0 }, 0,
	  "Each certificate should issue the one before it. All that were tried sort "
	  "them; others may not.",
	  "Put them in order." },
	[TLS_CHAIN_SIGNATURE] = { "tls-chain-signature", { 0, 0, 0 }, TLS_ALL,
	  "The certificate behind has the name of the issuer, and did not sign: it is of "
	  "another generation of that CA.",
	  "Put the one there that did." },
	[TLS_CHAIN_STRAY] = { "tls-chain-stray", { 0, 0, 0 }, 0,
	  "A CA's certificate in crt has no part in the chain.",
	  "Take it out, or see which one is missing in between." },
	[TLS_SEVERAL_LEAVES] = { "tls-several-leaves", { 0, 0, 0 }, 0,
	  "There is more than one certificate in crt that is no CA's: only the first is "
	  "used.",
	  "Leave the one of the key, and the CAs between it and the root." },
	[TLS_CERT_REPEATED] = { "tls-cert-repeated", { 0, 0, 0 }, 0,
	  "A certificate is there twice.",
	  "Take one of them out." },
	[TLS_CHAIN_LONG] = { "tls-chain-long", { 0, 0, 0 }, 0,
	  "There are more certificates in crt than relpbox looks at (10).",
	  "Leave the one of the key, and the CAs between it and the root." },
	[TLS_NOT_OF_CA] = { "tls-not-of-ca", { 0, 0, 0 }, 0,
	  "Our certificate was not issued by a CA that is in ca. That may be right: ca is "
	  "what the receiver's certificate is checked with, and a receiver may trust "
	  "another CA for clients. Mostly both are the same.",
	  "See whether a certificate between them is missing in crt, and whether ca and "
	  "crt are of one environment." },
	[TLS_CA_RENAMED] = { "tls-ca-other-key", { 0, 0, 0 }, 0,
	  "Our certificate was issued by a CA of the name of one in ca, with another key: "
	  "that CA was made anew, or is that of another environment. It works where the "
	  "receiver still trusts the old one.",
	  "Have the certificate issued by the CA of today, or add the old one to ca." },
	[TLS_SIGNATURE_BAD] = { "tls-signature-bad", { 0, 0, 0 }, TLS_ALL,
	  "Our certificate names the very key of a CA in ca as its issuer's, and its "
	  "signature is not by that key. No receiver can take it.",
	  "Copy it again, or have it issued again." },
	/* the CA */
	[TLS_CA_EXPIRED] = { "tls-ca-expired", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "All certificates in ca are over: no receiver is accepted.",
	  "Put the renewed CA there." },
	[TLS_CA_SOME_EXPIRED] = { "tls-ca-some-expired", { 0, 0, 0 }, 0,
	  "A certificate in ca is over. It does no harm where another is the right one.",
	  "Take it out." },
	[TLS_CA_NOT_YET_VALID] = { "tls-ca-not-yet-valid", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "A certificate in ca is not valid yet.",
	  "Wait, or see whether the clock is right." },
	[TLS_CA_EXPIRES_SOON] = { "tls-ca-expires-soon", { 0, 0, 0 }, 0,
	  "A certificate in ca ends within the time that was asked about.",
	  "Add the renewed CA, before receivers get certificates of it." },
	[TLS_CA_IS_LEAF] = { "tls-ca-is-leaf", { OM, OM, OM }, 0,
	  "It is no CA's certificate, and did not sign itself. GnuTLS accepts the "
	  "receiver that shows this very one; OpenSSL and relpbox accept nobody.",
	  "Put the CA there that issued the receiver's." },
	[TLS_CA_SELF_SIGNED] = { "tls-ca-self-signed", { 0, 0, 0 }, 0,
	  "It signed itself and does not say that it is a CA. It serves for the one "
	  "receiver that shows it, and for no other certificate.",
	  "Where it is to be a CA, make it anew with basicConstraints CA:TRUE." },
	[TLS_CA_NO_CONSTRAINTS] = { "tls-ca-no-constraints", { OM, OM, OM }, 0,
	  "It does not say that it is a CA (basic constraints): OpenSSL and relpbox do "
	  "not take it for one.",
	  "Make the CA anew with basicConstraints CA:TRUE." },
	[TLS_CA_KEY_USAGE] = { "tls-ca-key-usage", { TLS_ALL, TLS_ALL, TLS_ALL }, 0,
	  "Its key usage has no keyCertSign: nobody takes what it signed.",
	  "Make the CA anew with keyCertSign." },
	[TLS_CA_PURPOSE] = { "tls-ca-purpose", { OM, OM, OM }, 0,
	  "Its extended key usage has no serverAuth: OpenSSL and relpbox do not take a "
	  "receiver's certificate of it.",
	  "Use a CA without extended key usage." },
	[TLS_CA_IS_OURS] = { "tls-ca-is-ours", { 0, 0, 0 }, 0,
	  "Our own certificate stands in ca.",
	  "Put the CA of the receiver there." },
	[TLS_CA_NOT_ROOT] = { "tls-ca-not-root", { TLS_OPENSSL, TLS_OPENSSL, TLS_OPENSSL }, 0,
	  "It is an intermediate CA, and its root is not in ca: OpenSSL does not take a "
	  "chain that does not end in a root.",
	  "Add the root behind it." },
	[TLS_CA_REPEATED] = { "tls-ca-repeated", { 0, 0, 0 }, 0,
	  "A certificate is in ca twice.",
	  "Take one of them out." },
	/* whatever else */
	[TLS_NOT_USABLE] = { "tls-not-usable", { TLS_MBEDTLS, TLS_MBEDTLS, TLS_MBEDTLS }, 0,
	  "relpbox cannot use the three texts, for another reason than the above.",
	  "See what the message says." },
};

const struct tls_trouble_info *tls_trouble_info(enum tls_trouble what)
{
	_Static_assert(sizeof(infos) / sizeof(infos[0]) == TLS_TROUBLES, "each has its line");
	invariant(what < TLS_TROUBLES && infos[what].name);
	return &infos[what];
}
