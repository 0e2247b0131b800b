# SPDX-License-Identifier: Apache-2.0
"""`relpbox validate` as a command: which files, which exit code, what is written where."""

import json
import os
import re
import shutil
import signal
import subprocess

from relptest import pty_run
from relptest.case import RELPBOX, ROOT, Case, needs_root

GOOD = """\
apiVersion: rsyslog-relp.extensions.gardener.cloud/v1alpha1
kind: RsyslogRelpConfig
target: logs.example.com
port: 20514
resumeRetryCount: -1
loggingRules:
- severity: 7
tls:
  enabled: true
  secretReferenceName: rsyslog-relp-tls
  authMode: name
  permittedPeer: ["logs.example.com"]
"""
ERROR = GOOD.replace("20514", "0")  # 4:7, port
WARNING = GOOD.replace("-1", "5")  # 5:19, retry
NOBODY = 65534


def validate(*args, **how):
    how.setdefault("stdin", subprocess.DEVNULL)
    if "input" in how:
        del how["stdin"]
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([RELPBOX, "validate"] + list(args), timeout=60, **how)


class Validate(Case):
    def check(self, code, *args, out=None, err=b"", **how):
        """Exit code, standard output where it matters, and silence on standard error unless told."""
        p = validate(*args, cwd=self.dir, **how)
        self.assertEqual(p.returncode, code, p)
        if out is not None:
            self.assertEqual(p.stdout, out)
        if err is not None:
            self.assertEqual(p.stderr, err)
        return p

    def files_of(self, *args, code=1, err=b""):
        """Which files there were findings in, in the order in which they were told."""
        found = json.loads(self.check(code, "-o", "json", *args, err=err).stdout)
        names = []
        for f in found:
            if f["file"] not in names:
                names.append(f["file"])
        return names

    def tree(self, *names, text=ERROR):
        for name in names:
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            self.write(name, text)


class ExitCode(Validate):
    def setUp(self):
        super().setUp()
        self.write("good.yaml", GOOD)
        self.write("error.yaml", ERROR)
        self.write("warning.yaml", WARNING)

    def test_silent_when_all_is_well(self):
        self.check(0, "good.yaml", out=b"")
        self.check(0, "-o", "github", "good.yaml", out=b"")
        self.check(0, "-o", "json", "good.yaml", out=b"[]\n")

    def test_fail_level(self):
        for level, of_error, of_warning in (("error", 1, 0), ("warning", 1, 1), ("none", 0, 0)):
            self.check(of_error, "--fail-level", level, "error.yaml")
            self.check(of_warning, "--fail-level", level, "warning.yaml")
            self.check(0, "--fail-level", level, "good.yaml")
        self.check(1, "error.yaml")
        self.check(0, "warning.yaml")
        self.check(1, "good.yaml", "warning.yaml", "error.yaml")

    def test_wrong_usage(self):
        for args, words in (
                ([], "name files or folders"), (["--verbos", "x"], "did you mean"),
                (["-o", "xml", "x"], "text|json|sarif|github"), (["-o"], "needs a value"),
                (["--for", "me", "x"], "gardener|relpbox"), (["--now", "yesterday", "x"], "a time such as"),
                (["--now", "2026-02-30", "x"], "a time such as"), (["--now=-1", "x"], "a time such as"),
                (["--expires-within", "-1", "x"], "0 to 36500"),
                (["--expires-within", "36501", "x"], "0 to 36500"),
                (["--fail-level", "info", "x"], "error|warning|none"),
                (["--ignore", "prot", "x"], 'did you mean "port"'), (["--ignore", "", "x"], "none"),
                (["--colour", "yes", "x"], "auto|always|never"),
                (["--explain", "prot"], 'did you mean "port"'), (["--explain", ""], "no code"),
                (["--explain", "\x1b[31m"], "\\x1b[31m"), (["--baseline", "-", "x"], "takes a file"),
                (["--print-schema", "Pod"], "no schema"),
                (["--print-schema", "Forward", "Auditd"], "one kind")):
            with self.subTest(args):
                p = self.check(2, *args, out=b"", err=None)
                self.assertIn(words, p.stderr.decode())
                self.assertNotIn(b"\x1b", p.stderr)
                self.assertIn(b"relpbox help validate", p.stderr)

    def test_what_cannot_be_read_wins_and_the_rest_is_judged(self):
        for level in "error", "none":
            p = self.check(3, "--fail-level", level, "-o", "json", "not-there.yaml", "error.yaml",
                           err=b"relpbox validate: not-there.yaml: No such file or directory\n")
            self.assertEqual(json.loads(p.stdout)[0]["file"], "error.yaml")
        self.check(3, "good.yaml", "/dev/null", err=None)
        self.check(3, "good.yaml", "\n\x1b[31m", err=b"relpbox validate: \\n\\x1b[31m: No such file or directory\n")

    def test_help(self):
        p = self.check(0, "--help")
        for word in b"--require-refs", b"Exit codes", b"relpbox:ignore":
            self.assertIn(word, p.stdout)
        self.check(0, "-h", out=p.stdout)

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            for args in (["-o", "json", "good.yaml"], ["error.yaml"], ["--explain", "all"],
                         ["--print-schema"]):
                p = self.check(3, *args, stdout=full, err=None)
                self.assertIn(b"standard output: No space left on device", p.stderr)
            self.check(0, "good.yaml", stdout=full)  # nothing is to be written

    def test_output_that_is_closed(self):
        def run(*args):
            return subprocess.run(["sh", "-c", '"$@" >&-', "sh", RELPBOX, "validate", *args],
                                  stderr=subprocess.PIPE, cwd=self.dir, timeout=60)
        p = run("error.yaml")
        self.assertEqual(p.returncode, 3, p)
        self.assertIn(b"standard output", p.stderr)
        self.assertEqual(run("good.yaml").returncode, 0)

    def test_a_reader_that_goes_away(self):
        r, w = os.pipe()
        os.close(r)
        try:
            p = validate("-o", "json", "good.yaml", cwd=self.dir, stdout=w,
                         preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
        finally:
            os.close(w)
        self.assertNotIn(p.returncode, (0, 1), p)

    def test_now_and_days_are_taken(self):
        for now in "0", "1790000000", "2026-11-30T12:00:00Z", "2026-11-30T12:00:00.5+01:00", "2026-11-30":
            self.check(0, "--now", now, "--expires-within", "0", "good.yaml", out=b"")


class Files(Validate):
    def test_a_folder_in_the_order_of_paths(self):
        self.tree("b.yaml", "a/z.yml", "a.yaml", "a/b/c/d.json.yaml", "a-b/x.yaml", "ä.yaml",
                  "a/.hidden.yaml", ".github/x.yml")
        self.tree("a/no.txt", "a/yaml", "a/x.yaml.bak", "a/X.YAML", ".git/x.yaml", "a/.git/y.yaml")
        wanted = sorted(["b.yaml", "a/z.yml", "a.yaml", "a/b/c/d.json.yaml", "a-b/x.yaml", "ä.yaml",
                         "a/.hidden.yaml", ".github/x.yml"], key=os.fsencode)
        self.assertEqual(self.files_of("."), wanted)
        self.assertEqual(self.files_of("a"), [n for n in wanted if n.startswith("a/")])
        self.assertEqual(self.files_of("a/"), [n for n in wanted if n.startswith("a/")])
        self.assertEqual(self.files_of("./a"), ["./" + n for n in wanted if n.startswith("a/")])
        # words in their order, each file once
        self.assertEqual(self.files_of("b.yaml", "a", "./b.yaml", "a/z.yml", "."),
                         ["b.yaml"] + [n for n in wanted if n.startswith("a/")] +
                         [n for n in wanted if not n.startswith("a/") and n != "b.yaml"])

    def test_what_is_named_needs_no_ending(self):
        self.tree("conf/x.txt")
        self.assertEqual(self.files_of("conf/x.txt"), ["conf/x.txt"])

    def test_json(self):
        self.write("a.json", '{"apiVersion": "rsyslog-relp.extensions.gardener.cloud/v1alpha1", '
                             '"kind": "RsyslogRelpConfig", "target": "Logs", "port": 1}')
        self.assertEqual(self.files_of("."), ["a.json"])

    def test_links_in_folders_are_not_followed(self):
        self.tree("t/a.yaml", "other/b.yaml")
        os.symlink("../other/b.yaml", self.path("t/link.yaml"))
        os.symlink("../other", self.path("t/folder"))
        os.symlink(".", self.path("t/circle"))
        self.assertEqual(self.files_of("t"), ["t/a.yaml"])
        p = self.check(1, "-v", "t", err=None)
        self.assertIn(b"3 links in folders were not followed", p.stderr)

    def test_what_is_named_may_be_a_link(self):
        self.tree("t/a.yaml")
        os.symlink("t/a.yaml", self.path("link.yaml"))
        os.symlink("t", self.path("folder"))
        self.assertEqual(self.files_of("link.yaml"), ["link.yaml"])
        self.assertEqual(self.files_of("folder"), ["folder/a.yaml"])
        self.assertEqual(self.files_of("link.yaml", "t"), ["link.yaml"])  # one file, once
        os.symlink("nowhere", self.path("dangling.yaml"))
        self.check(3, "dangling.yaml", err=None)

    def test_pipes_and_sockets_in_folders_are_not_opened(self):
        self.tree("t/a.yaml")
        os.mkfifo(self.path("t/fifo.yaml"))
        os.mkdir(self.path("t/folder.yaml"))
        self.assertEqual(self.files_of("t"), ["t/a.yaml"])

    def test_a_pipe_that_is_named_is_read(self):
        p = subprocess.run(["bash", "-c", '"$0" validate <(cat "$1")', RELPBOX, self.write("x", ERROR)],
                           stdout=subprocess.PIPE, timeout=60)
        self.assertEqual(p.returncode, 1, p)
        self.assertRegex(p.stdout, rb"^/dev/fd/\d+:4:7: error: ")

    def test_standard_input(self):
        p = self.check(1, "-", input=ERROR.encode())
        self.assertRegex(p.stdout, rb"^-:4:7: error: ")
        p = self.check(1, "-", "-", input=ERROR.encode())
        self.assertEqual(p.stdout.count(b"\n"), 1)
        self.check(0, "-", input=b"",
                   err=b"relpbox validate: there was no document in what was given\n")

    def test_a_folder_without_manifests_is_told(self):
        os.makedirs(self.path("empty/x"))
        self.check(0, "empty", out=b"", err=b"relpbox validate: empty: holds no *.yaml, *.yml or *.json\n")
        os.symlink("/nowhere", self.path("empty/a.yaml"))
        self.check(0, "empty", out=b"", err=b"relpbox validate: empty: holds no *.yaml, *.yml or *.json"
                                            b" (links are not followed)\n")

    def test_odd_names(self):
        for name in ("a\n::error::x.yaml", "b\x1b[31m.yaml", "c\u202e.yaml", "d d%,:.yaml", "-e.yaml"):
            self.write(name, ERROR)
        with open(os.path.join(os.fsencode(self.dir), b"f\xff.yaml"), "wb") as f:
            f.write(ERROR.encode())
        for output in "text", "json", "sarif", "github":
            p = self.check(1, "-o", output, ".")
            text = p.stdout.decode("ascii" if output != "json" else "utf-8")
            self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f\u202e]")
            if output in ("text", "github"):
                self.assertEqual(text.count("\n"), 6)
            self.assertNotRegex(text, "(?m)^::error::")
        self.check(1, "--", "-e.yaml")
        self.check(3, "\xff\u202e", err=None)

    @needs_root
    def test_unreadable_files_and_folders(self):
        self.tree("t/a.yaml", "t/b.yaml", "t/shut/c.yaml", "t/z.yaml")
        os.chmod(self.path("t/b.yaml"), 0)
        os.chmod(self.path("t/shut"), 0)
        program = shutil.copy(RELPBOX, self.path("relpbox"))
        os.chmod(program, 0o755)
        p = subprocess.run([program, "validate", "-o", "json", "t"], cwd=self.dir, user=NOBODY,
                           group=NOBODY, extra_groups=[], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(p.returncode, 3, p)
        self.assertEqual([f["file"] for f in json.loads(p.stdout)], ["t/a.yaml", "t/z.yaml"])
        self.assertEqual(sorted(p.stderr.decode().splitlines()), [
            "relpbox validate: t/b.yaml: Permission denied",
            "relpbox validate: t/shut: Permission denied"])

    def test_folders_in_folders_have_an_end(self):
        deep = self.path("t", *["d"] * 70)
        os.makedirs(deep)
        shutil.copy(self.write("x.yaml", ERROR), os.path.join(deep, "x.yaml"))
        self.write("t/a.yaml", ERROR)
        p = self.check(3, "-o", "json", "t", err=None)
        self.assertEqual([f["file"] for f in json.loads(p.stdout)], ["t/a.yaml"])
        self.assertIn(b"too many folders in folders", p.stderr)

    def test_a_file_that_is_too_large(self):
        with open(self.path("big.yaml"), "wb") as f:
            f.truncate((16 << 20) + 1)
        p = self.check(1, "-o", "json", "big.yaml")
        self.assertEqual([(f["code"], f["line"]) for f in json.loads(p.stdout)], [("too-large", 0)])
        p = self.check(1, "big.yaml")
        self.assertRegex(p.stdout, rb"^big\.yaml: error: ")


class Verbose(Validate):
    def test_one_line(self):
        self.write("a.yaml", ERROR + "---\napiVersion: v1\nkind: Pod\n---\n" + GOOD)
        p = self.check(1, "-v", "a.yaml", err=None)
        self.assertEqual(p.stderr.decode(),
                         "relpbox validate: 1 file, 2 documents judged; skipped: 1 of other kinds, 0 templates, "
                         "0 encrypted; 0 references to what was not given; 1 finding, 0 ignored, 0 known\n")

    def test_dropped_findings_are_told_and_fail_by_what_they_are(self):
        rules = "".join("- severity: 9\n" for _ in range(1100))
        many = GOOD.replace("- severity: 7\n", rules)
        self.write("a.yaml", many)
        for code, level in ((0, "error"), (1, "warning"), (0, "none")):
            p = self.check(code, "-o", "json", "--fail-level", level, "a.yaml", err=None)
            self.assertRegex(p.stderr.decode(), r"relpbox validate: \d+ more findings are not shown")
            self.assertEqual(len(json.loads(p.stdout)), 1000)
        self.write("b.yaml", many + "---\n" + ERROR)  # many warnings do not hide it
        p = self.check(1, "-o", "json", "b.yaml", err=None)
        self.assertEqual([f["code"] for f in json.loads(p.stdout) if f["severity"] == "error"], ["port"])
        self.write("c.yaml", GOOD.replace("- severity: 7\n", "- {}\n" * 1100))
        p = self.check(1, "-o", "json", "--ignore", "required", "c.yaml", err=None)
        self.assertEqual(p.stdout, b"[]\n")  # 100 were dropped before that could be known


class Found(Validate):
    """What a repository has beside manifests fails nobody who gives the whole folder."""

    OTHERS = {
        "tsconfig.json": '{\n  // strict\n  "target": "es5",\n}\n',
        "lines.json": '{"a": 1}\n{"a": 2}\n',
        "old.yml": "imports: @services\nport: %port%\n",
        "latin1.yaml": b"name: caf\xe9\n",
        "blob.yaml": "a: !!binary |\n  YWJj\n",
        "lock.json": "[" + ",".join(["0"] * 400001) + "]",
        "large.json": " " * (17 << 20),
    }

    def test_unreadable_and_no_manifest(self):
        for name, text in self.OTHERS.items():
            self.write(name, text)
        p = self.check(0, "-v", ".", out=b"", err=None)
        self.assertIn(b"skipped: %d of other kinds" % len(self.OTHERS), p.stderr)
        for name in self.OTHERS:  # whoever names it wants to know
            self.check(1, name)

    def test_unreadable_manifest(self):
        self.write("a.yaml", GOOD + "a: [\n")
        self.write("b.json", '{"apiVersion": "v1" "kind": "Secret"}')
        self.write("c.yaml", "loggingRules:\n\t- severity: 7\n")
        self.write("d.yaml", "kind: Shoot".encode("utf-16"))
        self.assertEqual(self.files_of("."), ["a.yaml", "b.json", "c.yaml", "d.yaml"])


class Known(Validate):
    def ignore(self, line, comment):
        lines = ERROR.splitlines()
        lines[line - 1] += comment
        return self.write("a.yaml", "\n".join(lines) + "\n")

    def test_comments(self):
        self.ignore(4, " # relpbox:ignore port a test")
        self.check(0, "a.yaml", out=b"")
        self.ignore(3, "\n# relpbox:ignore port,retry a test")
        p = self.check(0, "-v", "a.yaml", out=b"", err=None)
        self.assertIn(b"1 ignored", p.stderr)
        self.ignore(4, " # relpbox:ignore retry a test")
        self.check(1, "a.yaml")

    def test_comments_that_ignore_nothing(self):
        for comment, words in ((" # relpbox:ignore port", "reason"),
                               (" # relpbox:ignore prot a test", 'did you mean "port"')):
            self.ignore(4, comment)
            found = json.loads(self.check(1, "-o", "json", "a.yaml").stdout)
            self.assertEqual([(f["code"], f["line"], f["column"], f["severity"]) for f in found],
                             [("port", 4, 7, "error"), ("ignore", 4, 9, "warning")])
            self.assertIn(words, found[1]["message"])
        self.check(0, "--ignore", "port", "a.yaml")
        self.check(0, "--ignore", "port,ignore", "--fail-level", "warning", "a.yaml", out=b"")

    def test_ignore(self):
        self.write("a.yaml", ERROR.replace("-1", "5"))
        self.check(0, "--ignore", "port", "--ignore", "retry", "--fail-level", "warning", "a.yaml", out=b"")
        self.check(0, "--ignore=port, retry", "--fail-level", "warning", "a.yaml", out=b"")
        self.check(1, "--ignore", "retry", "a.yaml")

    def test_baseline(self):
        self.tree("t/a.yaml", "t/b.yaml")
        p = self.check(0, "-o", "json", "--fail-level", "none", "t")
        self.write("known.json", p.stdout)
        self.check(0, "--baseline", "known.json", "./t", out=b"")
        # lines may move; what is new fails, and is told alone
        self.write("t/a.yaml", "# a\n# b\n" + ERROR)
        self.check(0, "--baseline", "known.json", "t", out=b"")
        self.write("t/b.yaml", ERROR.replace("-1", "5") + "---\n" + ERROR)
        p = self.check(1, "-v", "-o", "json", "--baseline", "known.json", "t", err=None)
        self.assertEqual([(f["file"], f["line"], f["code"]) for f in json.loads(p.stdout)],
                         [("t/b.yaml", 5, "retry"), ("t/b.yaml", 17, "port")])
        self.assertIn(b"2 known\n", p.stderr)
        # what is mended is told with -v
        self.write("t/a.yaml", GOOD)
        p = self.check(0, "-v", "--baseline", "known.json", "t/a.yaml", err=None)
        self.assertIn(b"2 entries of the baseline are found no more", p.stderr)

    def test_a_baseline_that_is_none(self):
        self.write("a.yaml", GOOD)
        self.write("bad.json", "[{}]")
        for name, words in (("not-there", "No such file"), ("bad.json", "no text"), (".", "folder"),
                            ("a.yaml", "does not begin with [")):
            p = self.check(3, "--baseline", name, "a.yaml", out=b"", err=None)
            self.assertIn(words, p.stderr.decode())


class Output(Validate):
    def setUp(self):
        super().setUp()
        self.write("a.yaml", ERROR.replace("severity: 7", "severity: 8\n  messageContent:\n    regex: 'a$'"))

    def test_sarif_is_what_its_schema_wants(self):
        import jsonschema
        with open(os.path.join(ROOT, "testdata/sarif/sarif-2.1.0-rtm.5.json"), encoding="utf-8") as f:
            schema = jsonschema.Draft4Validator(json.load(f))
        texts = [self.check(1, "-o", "sarif", "a.yaml").stdout,
                 self.check(0, "-o", "sarif", self.write("good.yaml", GOOD)).stdout,
                 self.check(1, "-o", "sarif", "-", input=b"a: [").stdout]
        for name in "sarif", "sarif-empty":
            with open(os.path.join(ROOT, "testdata/validate-formats", name), "rb") as f:
                texts.append(f.read())
        for text in texts:
            log = json.loads(text)
            schema.validate(log)
            run = log["runs"][0]
            rules = run["tool"]["driver"]["rules"]
            for result in run["results"]:
                self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
                uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
                self.assertRegex(uri, r"^(file:///)?[A-Za-z0-9._~/%-]+$")

    def test_colour_and_source_on_a_terminal_alone(self):
        plain = self.check(1, "a.yaml").stdout
        self.assertNotIn(b"\x1b", plain)
        self.assertNotIn(b"^", plain)
        code, shown = pty_run.run("validate", self.path("a.yaml"))
        self.assertEqual(code, 1)
        self.assertIn(b"\x1b[1;31merror:\x1b[0m", shown)
        self.assertIn(b"\n  port: 0\n        \x1b[1m^\x1b[0m\n", shown)
        self.assertEqual([line for line in re.sub(rb"\x1b\[[0-9;]*m", b"", shown).split(b"\n")
                          if b": error: " in line or b": warning: " in line],
                         [self.dir.encode() + b"/" + line for line in plain.splitlines()])

    def test_no_color(self):
        for env, args, coloured in (
                (["NO_COLOR=1"], [], False), (["NO_COLOR="], [], True), (["TERM=dumb"], [], False),
                (["NO_COLOR=1"], ["--colour", "always"], True), ([], ["--color=never"], False)):
            code, shown = pty_run.run("validate", *args, self.path("a.yaml"),
                                      argv=["env", "-u", "NO_COLOR", "TERM=xterm", *env, RELPBOX])
            self.assertEqual(code, 1)
            self.assertEqual(b"\x1b[" in shown, coloured, (env, args))
            self.assertIn(b"\n  port: 0\n", shown)
        self.assertIn(b"\x1b[1m", self.check(1, "--colour", "always", "a.yaml").stdout)

    def test_a_line_of_megabytes_is_not_shown(self):
        """Nor kept for each of its findings: that took gigabytes."""
        fields = ",".join('"u%d": 1' % i for i in range(300))
        self.write("a.json", '{"apiVersion": "rsyslog-relp.extensions.gardener.cloud/v1alpha1", '
                             '"kind": "RsyslogRelpConfig",%s%s}' % (" " * (4 << 20), fields))
        limit = ["prlimit", "--data=%d" % (256 << 20)] if "/san/" not in RELPBOX else []
        code, shown = pty_run.run("validate", self.path("a.json"), argv=limit + [RELPBOX])
        self.assertEqual(code, 1, shown[-500:])
        self.assertGreater(shown.count(b"[unknown-field]"), 299)
        self.assertNotIn(b"^", shown)

    def test_nothing_of_a_secret_is_shown_on_a_terminal(self):
        self.write("s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nimmutable: false\n"
                             "stringData:\n  ca: VERYSECRET\n  crt: VERYSECRET\n  key: VERYSECRET\n"
                             "  other: VERYSECRET # relpbox:ignore VERYSECRET x\n")
        code, shown = pty_run.run("validate", self.path("s.yaml"))
        self.assertEqual(code, 1, shown)
        self.assertNotIn(b"VERYSECRET", shown)

    def test_formats_agree(self):
        found = json.loads(self.check(1, "-o", "json", "a.yaml").stdout)
        self.assertGreater(len(found), 2)
        text = self.check(1, "a.yaml").stdout.decode().splitlines()
        github = self.check(1, "-o", "github", "a.yaml").stdout.decode().splitlines()
        sarif = json.loads(self.check(1, "-o", "sarif", "a.yaml").stdout)["runs"][0]["results"]
        self.assertEqual([len(found)] * 3, [len(text), len(github), len(sarif)])
        for f, t, g, s in zip(found, text, github, sarif):
            place = "%(file)s:%(line)d:%(column)d: %(severity)s: " % f
            self.assertTrue(t.startswith(place) and t.endswith(" [%s]" % f["code"]), t)
            message = t[len(place):-len(" [%s]" % f["code"])]
            self.assertEqual(s["message"]["text"], message)
            self.assertEqual(g, "::%s file=%s,line=%d,col=%d,title=%s::%s" % (
                f["severity"], f["file"], f["line"], f["column"], f["code"], message.replace("%", "%25")))
            self.assertIn(f["message"], message)
            self.assertEqual(s["properties"]["gardener"], f["gardener"])


class Explain(Validate):
    def test_all_is_the_document(self):
        with open(os.path.join(ROOT, "docs/FINDINGS.md"), "rb") as f:
            self.check(0, "--explain", "all", out=f.read())

    def test_each(self):
        every = self.check(0, "--explain", "all").stdout.decode()
        codes = re.findall(r"(?m)^### (\S+)$", every)
        self.assertGreater(len(codes), 80)
        self.assertEqual(len(codes), len(set(codes)))
        for code in codes:
            p = self.check(0, "--explain", code)
            self.assertTrue(p.stdout.decode().startswith(code + " ("), p)

    def test_schema(self):
        for args in [], ["Forward"], ["RsyslogRelpConfig"], ["Auditd"]:
            json.loads(self.check(0, "--print-schema", *args).stdout)


if __name__ == "__main__":
    import unittest
    unittest.main()
