# SPDX-License-Identifier: Apache-2.0
"""Datagrams for the tests of the wire record: fixed ones by name, and random ones from a seed."""

import random

D = b"Nov 21 19:20:01 "
AUDIT = (b"type=SYSCALL msg=audit(1795288801.081:4711): arch=c000003e syscall=59 success=yes exit=0 "
         b"a0=55d0 a1=55d1 a2=55d2 a3=8 items=2 ppid=100 pid=101 auid=1000 uid=0 gid=0 euid=0 "
         b"comm=\"id\" exe=\"/usr/bin/id\" subj=unconfined key=\"privilege_escalation\"")


def _pri():
    for name, pri in [
            ("plain", b"<13>"), ("zero", b"<0>"), ("191", b"<191>"), ("192", b"<192>"),
            ("199", b"<199>"), ("999", b"<999>"), ("1000", b"<1000>"), ("open", b"<13"),
            ("empty", b"<>"), ("negative", b"<-1>"), ("zeros_in_front", b"<007>"),
            ("blank_inside", b"< 13>"), ("blank_behind", b"<13> "), ("letter", b"<1a>"),
            ("other_brackets", b"[13]"), ("wraps_at_16_bits", b"<65549>"),
            ("wraps_to_invalid", b"<65735>"), ("long", b"<" + b"9" * 40 + b">"),
            ("control_as_first", b"\x0113>"), ("control_inside", b"<1\x013>"),
            ("control_as_last", b"<13\x01"), ("nul_inside", b"<1\x003>"), ("lf_inside", b"<1\n3>"),
            ("twice", b"<13><14>"), ("high_byte", b"\xff13\xff"), ("none", b"")]:
        yield "pri_" + name, pri + D + b"tag[7]: hello world"
        yield "pri_" + name + "_no_date", pri + b"tag[7]: hello world"
    for name, whole in [
            ("only", b"<13>"), ("only_open", b"<13"), ("only_bracket", b"<"), ("one_byte", b"x"),
            ("two_bytes", b"xy"), ("three_bytes", b"xyz"), ("one_digit", b"7"), ("only_lf", b"\n"),
            ("only_nul", b"\0"), ("only_blank", b" "), ("lf_behind", b"<13>\n"),
            ("two_lf_behind", b"<13>\n\n"), ("nul_behind", b"<13>\0"), ("blank_behind", b"<13> "),
            ("only_blanks", b"<13>   "), ("lf_for_bracket", b"<13\n"), ("digits_and_lf", b"<1\n")]:
        yield "only_" + name, whole


def _date():
    for name, date in [
            ("plain", D), ("no_blank_behind", D[:-1]), ("two_blanks_behind", D + b" "),
            ("one_digit_day", b"Nov  1 19:20:01 "), ("zero_day", b"Nov 01 19:20:01 "),
            ("short_day", b"Nov 1 19:20:01 "), ("short_time", b"Nov 1 1:2:3 "),
            ("day_0", b"Nov  0 19:20:01 "), ("day_32", b"Nov 32 19:20:01 "),
            ("day_three_digits", b"Nov 021 19:20:01 "), ("lower", b"nov 21 19:20:01 "),
            ("upper", b"NOV 21 19:20:01 "), ("mixed", b"nOv 21 19:20:01 "),
            ("german", b"Okt 21 19:20:01 "), ("long_month", b"November 21 19:20:01 "),
            ("month_only", b"Nov "), ("month_day", b"Nov 21 "), ("no_seconds", b"Nov 21 19:20 "),
            ("hour_24", b"Nov 21 24:20:01 "), ("minute_60", b"Nov 21 19:60:01 "),
            ("second_60", b"Nov 21 19:20:60 "), ("second_61", b"Nov 21 19:20:61 "),
            ("fraction", b"Nov 21 19:20:01.123 "), ("long_fraction", b"Nov 21 19:20:01.123456789 "),
            ("longer_fraction", b"Nov 21 19:20:01.1234567890123 "),
            ("dot_only", b"Nov 21 19:20:01. "), ("colon", b"Nov 21 19:20:01: "),
            ("two_colons", b"Nov 21 19:20:01:: "), ("colon_no_blank", b"Nov 21 19:20:01:x"),
            ("year_front", b"2026 Nov 21 19:20:01 "), ("year_front_old", b"1969 Nov 21 19:20:01 "),
            ("year_front_2100", b"2100 Nov 21 19:20:01 "),
            ("year_middle", b"Nov 21 2026 19:20:01 "), ("year_end", b"Nov 21 19:20:01 2026 "),
            ("year_twice", b"2026 Nov 21 2026 19:20:01 "),
            ("year_middle_old", b"Nov 21 1970 19:20:01 "),
            ("zone_behind", b"Nov 21 19:20:01 CET "), ("tab_behind", b"Nov 21 19:20:01\t"),
            ("tab_inside", b"Nov\t21 19:20:01 "), ("weekday", b"Sat Nov 21 19:20:01 "),
            ("leading_blank", b" Nov 21 19:20:01 "), ("three_blanks", b"Nov   1 19:20:01 "),
            ("negative_hour", b"Nov 21 -1:20:01 "), ("empty_numbers", b"Nov 21 :: "),
            ("iso", b"2026-11-21T19:20:01.081870+00:00 "), ("iso_z", b"2026-11-21T19:20:01Z "),
            ("iso_short", b"2026-1-2T3:4:5Z "), ("iso_no_zone", b"2026-11-21T19:20:01 "),
            ("iso_blank", b"2026-11-21 19:20:01 "), ("iso_lower_t", b"2026-11-21t19:20:01Z "),
            ("iso_minus", b"2026-11-21T19:20:01-05:30 "), ("iso_no_minutes", b"2026-11-21T19:20:01+01 "),
            ("iso_basic_zone", b"2026-11-21T19:20:01+0100 "),
            ("iso_no_blank", b"2026-11-21T19:20:01Zx "), ("iso_2099", b"2099-11-21T19:20:01Z "),
            ("iso_2100", b"2100-11-21T19:20:01Z "), ("iso_month_13", b"2026-13-21T19:20:01Z "),
            ("iso_year_0", b"-1-1T10:10:10Z "), ("iso_hour_24", b"2026-11-21T24:20:01Z "),
            ("iso_zone_24", b"2026-11-21T19:20:01+24:00 "), ("epoch", b"1795288801 ")]:
        yield "date_" + name, b"<30>" + date + b"tag[7]: hello there, this is a message"
    for m in (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct",
              b"Nov", b"Dec", b"Jux", b"Max", b"Apx", b"Aux"):
        yield "date_month_" + m.decode(), b"<30>" + m + b" 21 19:20:01 tag: hello there"
    yield "date_and_nothing", b"<30>" + D
    yield "date_and_nothing_no_blank", b"<30>" + D[:-1]
    yield "date_and_blanks", b"<30>" + D + b"   "
    yield "date_without_pri", D + b"tag: hello there"
    yield "date_behind_two_bytes", b"xy" + D + b"tag: hello there"


def _tag():
    for name, tag in [
            ("plain", b"tag: "), ("pid", b"tag[1234]: "), ("no_colon", b"tag "),
            ("pid_no_colon", b"tag[1234] "), ("empty_pid", b"tag[]: "), ("word_pid", b"tag[abc]: "),
            ("open_pid", b"tag[12: "), ("close_first", b"tag]12[: "), ("two_pids", b"tag[1][2]: "),
            ("nested", b"tag[1[2]3]: "), ("pid_with_blank", b"tag[1 2]: "), ("only_pid", b"[12]: "),
            ("only_colon", b": "), ("two_colons", b"a::b: "), ("colon_inside", b"a:b "),
            ("no_blank_behind", b"tag:"), ("slash", b"foo/bar[1]: "), ("path", b"/usr/bin/foo[1]: "),
            ("blank_ident", b"my app[1]: "), ("braces", b"(sd-pam)[1]: "), ("at", b"foo@bar.service[9]: "),
            ("dash", b"audisp-syslog[88]: "), ("minus", b"- "), ("dot", b"k3s.agent: "),
            ("percent", b"%s%n[1]: "), ("hash", b"#011[1]: "), ("utf8", "töst[1]: ".encode()),
            ("latin1", b"t\xf6st[1]: "), ("del", b"a\x7fb[1]: "), ("tab", b"a\tb[1]: "),
            ("control", b"a\x01b[1]: "), ("nul", b"a\x00b[1]: "), ("lf", b"a\nb[1]: "),
            ("gs", b"a\x1db\x1dc[1]: "), ("control_in_pid", b"tag[1\x012]: "),
            ("nul_in_pid", b"tag[1\x002]: "), ("control_first", b"\x01tag[1]: "),
            ("tab_behind_colon", b"tag:\t"), ("kernel", b"kernel: "), ("host_in_front", b"myhost tag[1]: "),
            ("quotes", b"\"tag\"[1]: "), ("backslash", b"a\\b[1]: "), ("equals", b"k=v,w=[1]: "),
            ("long_pid", b"t[" + b"1" * 300 + b"]: "), ("510", b"t" * 509 + b": "),
            ("511", b"t" * 510 + b": "), ("512", b"t" * 511 + b": "), ("600", b"t" * 599 + b": "),
            ("600_no_blank", b"t" * 600), ("510_no_colon", b"t" * 510 + b" "),
            ("511_no_colon", b"t" * 511 + b" "), ("pid_across_511", b"t" * 505 + b"[12345678]: "),
            ("two_blanks", b"tag:  "), ("blank_before_colon", b"tag : "), ("none", b" "),
            ("two_blanks_first", b"  ")]:
        yield "tag_" + name, b"<30>" + D + tag + b"hello world, a message"
        yield "tag_" + name + "_no_date", b"<30>" + tag + b"hello world, a message"
    for name, text in [("word", b"tag"), ("colon", b"tag:"), ("blank", b"tag: "), ("pid", b"tag[1]:"),
                       ("lf", b"tag:\n"), ("nul", b"tag:\0")]:
        yield "tag_alone_" + name, b"<30>" + D + text
        yield "tag_alone_" + name + "_no_date", b"<30>" + text


def _message():
    for name, text in [
            ("lf_end", b"a b\n"), ("two_lf_end", b"a b\n\n"), ("lf_nul_end", b"a b\n\0"),
            ("nul_lf_end", b"a b\0\n"), ("two_nul_end", b"a b\0\0"), ("cr_lf_end", b"a b\r\n"),
            ("lf_inside", b"a\nb\n\nc"), ("tab", b"a\tb"), ("nul_inside", b"a\0b"),
            ("trailing_blanks", b"a b   "), ("trailing_tab", b"a b\t"), ("del", b"a\x7fb"),
            ("all_controls", bytes(range(32)) + b"x"), ("all_high", bytes(range(127, 256))),
            ("utf8", "grüße \u20ac \U0001f600".encode()), ("bad_utf8", b"a\xc3(\xff\xfe b"),
            ("gs", AUDIT + b"\x1dARCH=x86_64 SYSCALL=execve AUID=\"me\" UID=\"root\""),
            ("escape_like", b"a#012b #000 ##"), ("percent", b"%s %n %msg%"),
            ("last_repeated", b"last message repeated 17 times"),
            ("repeated_in_brackets", b"message repeated 3 times: [ foo]"),
            ("cee", b"@cee: {\"a\": 1}"), ("json", b"{\"a\":\"b\"}"), ("only_blanks", b"    "),
            ("leading_lf", b"\na"), ("leading_tab", b"\ta"), ("one_control", b"\x01"),
            ("controls_only", b"\x01\x02\x03\x04\x05"), ("ansi", b"\x1b[31mred\x1b[0m")]:
        yield "msg_" + name, b"<30>" + D + b"tag[7]: " + text
    yield "audit_syscall", b"<14>" + D + b"audisp-syslog[615]: " + AUDIT
    yield "audit_enriched", (b"<14>" + D + b"audisp-syslog[615]: node=n1 " + AUDIT +
                             b"\x1dARCH=x86_64 SYSCALL=execve")
    yield "audit_execve", (b"<14>" + D + b"audisp-syslog[615]: type=EXECVE msg=audit(1.2:3): "
                           b"argc=3 a0=\"sh\" a1=\"-c\" a2=6563686F20610A62")
    yield "kernel_line", b"<6>" + D + b"kernel: [   12.345678] eth0: link up"
    yield "kernel_audit", (b"<5>" + D + b"kernel: audit: type=1400 audit(1795288801.081:12): "
                           b"apparmor=\"DENIED\"")
    yield "kubelet", (b"<30>" + D + b"kubelet[1234]: I1121 19:20:01.081870    1234 kubelet.go:2412] "
                      b"\"SyncLoop ADD\" source=\"api\" pods=[\"kube-system/coredns-0\"]")
    yield "rfc5424", b"<34>1 2003-10-11T22:14:15.003Z host su - ID47 - 'su root' failed"
    yield "rfc5424_bom", b"<34>1 2003-10-11T22:14:15.003Z host su 77 ID47 [a b=\"c\"] \xef\xbb\xbfx"
    yield "plain_words", b"hello world this has no PRI"
    yield "host_and_date", b"<30>" + D + b"myhost tag[7]: hello"


def _sizes():
    head = b"<30>" + D + b"tag[7]: "
    for size in (7000, 7970, 7985, 8000, 8094, 8095, 8096, 8097, 8191, 8192, 8193, 9000, 20000, 65536):
        yield "size_%d" % size, (head + b"0123456789" * 7000)[:size]
    yield "size_escapes", head + b"\x01\x02" * 3000
    yield "size_lf_at_8096", (head + b"x" * 9000)[:8095] + b"\n" + b"y" * 100
    yield "size_escape_at_end", (head + b"x" * 9000)[:7985] + b"\x01" * 50


def fixed():
    """(name, datagram) of every fixed case, each name once."""
    cases = {}
    for group in (_pri, _date, _tag, _message, _sizes):
        for name, datagram in group():
            assert name not in cases, name
            cases[name] = datagram
    return list(cases.items())


# What a random datagram is put together from: mostly well-formed, each part broken now and then.
PRIS = [b"<30>"] * 10 + [b"<14>", b"<0>", b"<191>", b"<192>", b"<>", b"<1", b"", b"<-5>", b"<0013>"]
DATES = [D] * 6 + [b"Nov  1 09:05:59 ", b"", b"", b"dec 31 23:59:60 ", b"Nov 1 19:20:01 ",
                   b"2026-11-21T19:20:01.08+00:00 ", b"2026 Nov 21 19:20:01 ", b"Nov 21 2026 19:20:01 ",
                   b"Nov 21 19:20:01: ", b"Nov 21 19:20:61 ", b"Now 21 19:20:01 ", b" " + D]
TAGS = [b"kubelet[1234]: ", b"audisp-syslog[88]: ", b"containerd[5]: ", b"systemd[1]: ", b"sshd[9]: ",
        b"a: ", b"a ", b"a/b[1]: ", b"/usr/bin/x: ", b"my app[3]: ", b"x[]: ", b"x[1: ", b"[]: ", b": ",
        b" ", b"", b"x:y", "ü[1]: ".encode(), b"t" * 520 + b": ", b"a\x1db: ", b"kernel: "]
WORDS = [b"error", b"started", b"pid=1", b"a=\"b\"", b"#012", b"type=PATH", b"audit(1.2:3):", b"[x]", b"%s",
         "grün".encode(), b"\xff\xfe", b"\t", b"\n", b"\x1d", b"\0", b"\x7f", b"  ", b"0x1f", b"{\"k\":1}"]


def _mutate(rng, datagram):
    b = bytearray(datagram)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(b) + 1)
        what = rng.randrange(4)
        if what == 0:
            b.insert(at, rng.choice(b"\0\t\n\x01\x1d\x7f\x80 :[]/<>09"))
        elif what == 1 and at < len(b):
            del b[at]
        elif what == 2 and at < len(b):
            b[at] = rng.randrange(256)
        elif at < len(b):
            del b[at:]
    return bytes(b)


def generated(seed, count):
    """(name, datagram) of count random cases; the same for the same seed."""
    rng = random.Random(seed)
    for i in range(count):
        text = b" ".join(rng.choice(WORDS) for _ in range(rng.randint(0, rng.choice((3, 12, 80)))))
        datagram = rng.choice(PRIS) + rng.choice(DATES) + rng.choice(TAGS) + text
        if rng.random() < 0.3:
            datagram = _mutate(rng, datagram)
        if rng.random() < 0.1:
            datagram += rng.choice((b"\n", b"\n\n", b"\0", b"\n\0", b"\0\n"))
        yield "random_%d_%d" % (seed, i), datagram or b"x"
