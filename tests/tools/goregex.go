// SPDX-License-Identifier: Apache-2.0

/*
What Go itself says, to hold lib/gardener against by hand (CI has no Go). Debian
12's package golang-go is enough; `make tools` builds goposix, our side of it.

	go run tests/tools/goregex.go generate 200000 1 <testdata/regex/patterns.txt >in
	go run tests/tools/goregex.go judge <in >go
	build/tools/goposix judge <in >ours
	cmp go ours

generate COUNT SEED makes patterns, by a grammar and out of those on stdin; judge
adds the verdict of regexp.CompilePOSIX to each; admission does so for the text
quoted first, as Gardener's admission does; quote adds strconv.Quote. A line holds
a pattern, in which a backslash is \\ and what is not printable ASCII \xHH; behind
tabs follow "ok", or Go's words and the part of the pattern that they quote.
print writes all characters that strconv.IsPrint knows. addresses COUNT SEED makes
addresses, and ip says of each what apimachinery's IsValidIP would.
*/
package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"net/netip"
	"os"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
)

func encode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func decode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
		} else if i++; s[i] == 'x' {
			v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				panic(err)
			}
			b.WriteByte(byte(v))
			i += 2
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func judge(pattern string) string {
	_, err := regexp.CompilePOSIX(pattern)
	if err == nil {
		return "ok"
	}
	e := err.(*syntax.Error)
	why := e.Code.String()
	if e.Code == syntax.ErrInternalError { // what Go before 1.20 calls it
		why = "expression too large"
	}
	return why + "\t" + encode(e.Expr)
}

var pieces = []string{
	"a", "b", "c", "ab", "x", "-", " ", "\"", ".", "^", "$", "[", "]", "(", ")", "{", "}", "|",
	"*", "+", "?", "\\", ",", ":", "0", "1", "7", "9", "ä", "€", "\U0001f600", "\x80", "\xc3",
	"\xed\xa0\x80", "\xff", "\x00", "\n", "\t", "\x7f", "\u00a0", "\\a", "\\d", "\\n", "\\b",
	"\\Q", "\\E", "\\z", "\\A", "\\p", "\\pL", "\\x", "\\x4", "\\x41", "\\x{", "\\x{}", "\\x{41}",
	"\\x{10FFFF}", "\\x{110000}", "\\x{4g}", "\\0", "\\01", "\\012", "\\0123", "\\1", "\\18",
	"\\777", "\\8", "\\.", "\\_", "\\ä", "\\\x80", "\\(", "\\)", "\\[", "\\]", "\\{", "\\\\", "(?", "(?:",
	"(?i)", "(?P<n>", "(?<n>", "[[:alpha:]]", "[[:^digit:]]", "[[:word:]]", "[[:foo:]]", "[:", ":]",
	"[.", ".]", "[=", "=]", "[^", "[]", "[^]", "-]", "[-", "a-z", "z-a", "--", "\\-", "A-Z", "[Aa]", "[b]",
}

var atoms = []string{
	"a", "b", "foo", ".", "[ab]", "[^a]", "[a-z]", "[]a]", "[^]a]", "[[:alpha:]]", "[Kk]", "[Bb]", "[c]",
	"\\.", "\\n", "\\x41", "\\052", "^", "$", "ä", "()", "[a-]", "[+--]", "\"", "\\\\",
}

var repeats = []string{
	"*", "+", "?", "{2}", "{0}", "{1}", "{0,1}", "{1,2}", "{,2}", "{2,}", "{0,}", "{10}", "{32}", "{100}",
	"{999}", "{1000}", "{1001}", "{1000,}", "{2,1}", "{01}", "{1,01}", "{99999999999}", "{1,99999999999}",
	"{1", "{1,", "{}", "{,}", "{a}", "**", "*?", "+?",
}

func pick(r *rand.Rand, list []string) string { return list[r.Intn(len(list))] }

// A pattern by the grammar, most of the time a right one.
func grown(r *rand.Rand, depth int) string {
	var b strings.Builder
	for n := 1 + r.Intn(5); n > 0; n-- {
		if depth < 6 && r.Intn(4) == 0 {
			b.WriteString("(" + grown(r, depth+1) + ")")
		} else {
			b.WriteString(pick(r, atoms))
		}
		if r.Intn(4) == 0 {
			b.WriteString(pick(r, repeats))
		}
		if r.Intn(6) == 0 {
			b.WriteString("|")
		}
	}
	return b.String()
}

func mutated(r *rand.Rand, s string) string {
	for n := 1 + r.Intn(3); n > 0; n-- {
		at := r.Intn(len(s) + 1)
		switch r.Intn(4) {
		case 0:
			s = s[:at] + pick(r, pieces) + s[at:]
		case 1:
			s = s[:at] + pick(r, repeats) + s[at:]
		case 2:
			if at < len(s) {
				s = s[:at] + s[at+1:]
			}
		default:
			end := at + r.Intn(len(s)-at+1)
			s = s[:at] + s[at:end] + s[at:]
		}
	}
	return s
}

// At the limits of height and size, without alternatives that begin alike.
func huge(r *rand.Rand) string {
	switch r.Intn(5) {
	case 0:
		n := 990 + r.Intn(20)
		return strings.Repeat("(", n) + pick(r, atoms) + strings.Repeat(")", n)
	case 1:
		n := 490 + r.Intn(20)
		return strings.Repeat("("+pick(r, atoms), n) + pick(r, atoms) + strings.Repeat(")"+pick(r, repeats[:6]), n)
	case 2:
		n := 3000 + r.Intn(700)
		return "(" + strings.Repeat(pick(r, atoms[:20]), n/(1+r.Intn(3))) + "){1000}" + strings.Repeat("a"+pick(r, repeats[:14]), r.Intn(4))
	case 3:
		return strings.Repeat(pick(r, atoms)+pick(r, repeats[:16]), r.Intn(3000))
	default:
		n := 245 + r.Intn(100)
		return strings.Repeat("("+pick(r, atoms)+"|"+"x[pq]", n) + strings.Repeat(")"+pick(r, repeats[:6]), n)
	}
}

func generate(count int, seed int64, seeds []string) {
	r := rand.New(rand.NewSource(seed))
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	for i := 0; i < count; i++ {
		var s string
		switch n := r.Intn(200); {
		case n == 0:
			s = huge(r)
		case n < 60:
			s = grown(r, 0)
		case n < 110:
			s = mutated(r, grown(r, 0))
		case n < 160:
			s = mutated(r, pick(r, seeds))
		default:
			for k := 1 + r.Intn(8); k > 0; k-- {
				s += pick(r, pieces)
			}
		}
		fmt.Fprintln(w, encode(s))
	}
}

var zeros = regexp.MustCompile(`(^|:)0*([0-9]+)\.0*([0-9]+)\.0*([0-9]+)\.0*([0-9]+)$`)

// By net/netip, which net.ParseIP is today; and once more without leading zeros. (A
// Go as old as 1.19 takes more than four digits in a group, if they begin with zeros.)
func ip(s string) string {
	addr, err := netip.ParseAddr(s)
	if err == nil && addr.Zone() == "" {
		if addr.Is4In6() {
			return "must not be an IPv4-mapped IPv6 address"
		}
		if addr.String() != s {
			return "must be in canonical form (\"" + addr.String() + "\")"
		}
		return "ok"
	}
	addr, err = netip.ParseAddr(zeros.ReplaceAllString(s, "$1$2.$3.$4.$5"))
	if err == nil && addr.Zone() == "" {
		return "must not have leading 0s"
	}
	return "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
}

func address(r *rand.Rand) string {
	if r.Intn(3) == 0 { // an IPv4 address, nearly
		parts := []string{}
		for n := 3 + (r.Intn(12)+8)/10; n > 0; n-- {
			parts = append(parts, pick(r, []string{"0", "1", "10", "255", "256", "01", "000", "007", "", "99"}))
		}
		return strings.Join(parts, ".")
	}
	var b strings.Builder
	for n := 1 + r.Intn(9); n > 0; n-- {
		b.WriteString(pick(r, []string{"0", "0", "1", "abcd", "ffff", "FFFF", "00a", "12345", "::", "0:0", ":", "g"}))
		if n > 1 || r.Intn(4) == 0 {
			b.WriteString(pick(r, []string{":", ":", ":", ":", "::", "", "%"}))
		}
	}
	switch r.Intn(6) {
	case 0:
		b.WriteString(pick(r, []string{":1.2.3.4", ":01.2.3.4", "1.2.3", ":0000001.2.3.4", ":1.2.3.4%e", ":1.2.3.400"}))
	case 1:
		return "::ffff:" + pick(r, []string{"1.2.3.4", "01.2.3.4", "102:304", "0:0", "1.2.3.4.5", "1"})
	case 2:
		return strings.TrimSuffix(strings.Repeat(pick(r, []string{"1:", "0:", "a:", "0a:"}), 5+r.Intn(5)), ":") + pick(r, []string{"", "::", ":", ":1.2.3.4"})
	}
	return b.String()
}

func lines(f func(string)) {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		f(in.Text())
	}
}

func answers(answer func(string) string) {
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	lines(func(line string) { fmt.Fprintln(w, line+"\t"+answer(decode(line))) })
}

func main() {
	switch os.Args[1] {
	case "generate":
		count, _ := strconv.Atoi(os.Args[2])
		seed, _ := strconv.ParseInt(os.Args[3], 10, 64)
		var seeds []string
		lines(func(line string) {
			if !strings.HasPrefix(line, "# ") {
				seeds = append(seeds, line)
			}
		})
		generate(count, seed, seeds)
	case "judge":
		answers(judge)
	case "admission":
		answers(func(s string) string { return judge(strconv.Quote(s)) })
	case "quote":
		answers(func(s string) string { return encode(strconv.Quote(s)) })
	case "addresses":
		count, _ := strconv.Atoi(os.Args[2])
		seed, _ := strconv.ParseInt(os.Args[3], 10, 64)
		for r := rand.New(rand.NewSource(seed)); count > 0; count-- {
			fmt.Println(address(r))
		}
	case "ip":
		answers(ip)
	case "print":
		for r := rune(0); r <= 0x10ffff; r++ {
			if strconv.IsPrint(r) {
				fmt.Printf("%X\n", r)
			}
		}
	}
}
