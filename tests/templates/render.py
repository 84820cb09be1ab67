"""What jinja2 makes of templates, in the environment that transformers sets up
(`chat_template_utils.py`), for tests/topics/jinja.rs.

    python3 render.py FOLDER_OF_LLAMA_CPP      writes llama-cpp.zip and cases.json

FOLDER_OF_LLAMA_CPP is `vendor/llama.cpp` of the source package llama-cpp-python
0.3.36; its LICENSE goes into the archive. Needs jinja2 3.1, nothing else.
"""
import datetime, json, pathlib, re, sys, zipfile

import jinja2
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).parent


class Generation(Extension):
    """transformers' AssistantTracker: a call block whose body is written out."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        call = self.call_method("_support")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _support(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def strftime_now(format):
    return datetime.datetime(2024, 7, 26, 12).strftime(format)


def environment():
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    env.filters["tojson"] = tojson
    env.globals.update(raise_exception=raise_exception, strftime_now=strftime_now)
    return env


def render(source, variables):
    """The text, or None where jinja2 raises."""
    try:
        return environment().from_string(source).render(**variables)
    except Exception:
        return None


def turns(*texts, system=None):
    roles = ["user", "assistant"] * len(texts)
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts)]
    return [{"role": "system", "content": system}] * (system is not None) + messages


HEAT = "Introduce the movie Heat (1995)."
CONVERSATIONS = {
    "question": turns(HEAT),
    "system": turns(HEAT, system="You describe films."),
    "example": turns("Introduce Ronin.", "Ronin is a thriller.", HEAT),
    "system and examples": turns("Ronin?", "A thriller.", "Thief?", "A crime film.", HEAT, system="You describe films."),
    "odd texts": turns(" Amélie (2001) — 'Le \"Fabuleux\" Destin'\n\n日本 {{ x }} \\n \t", system='  Be "brief" & <exact>.\n'),
    "thoughts": turns("a\na\n", "<think>\nhm\n</think>\n\nYes.", "b", "", "{% c %}"),
}


def variables(messages):
    return dict(
        messages=messages, add_generation_prompt=True, bos_token="<s>", eos_token="</s>",
        tools=None, documents=None, enable_thinking=False,
    )


def small_cases(source):
    """(name, template, variables) of llama.cpp's tests/test-jinja.cpp, where the
    variables are plain JSON."""
    for part in re.split(r"\n    test_template\(t, ", source)[1:]:
        args = top_level(part.split("\n    );")[0])
        text = lambda arg: "".join(json.loads(s) for s in re.findall(r'"(?:\\.|[^"\\])*"', arg))
        try:
            yield text(args[0]), text(args[1]), json_of(args[2])
        except (ValueError, IndexError):
            pass


def top_level(body):
    args, depth, current, at = [], 0, "", 0
    while at < len(body):
        raw = re.match(r'R"(\w*)\((.*?)\)\1"', body[at:], re.S)
        string = re.match(r'"(?:\\.|[^"\\])*"', body[at:])
        if raw:
            current += json.dumps(raw.group(2)); at += raw.end(); continue
        if string:
            current += string.group(0).replace("\\'", "'"); at += string.end(); continue
        c = body[at]
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            args.append(current); current = ""
        else:
            current += c
        at += 1
    return args + [current]


def json_of(code):
    """nlohmann's initialiser lists as what they mean."""
    tokens = re.findall(r'"(?:\\.|[^"\\])*"|json::array|json::object|json|[-+\w.]+|[{}(),]', code)
    at = 0

    def value():
        nonlocal at
        token = tokens[at]; at += 1
        if token in ("json::array", "json::object", "json"):
            at += 1
            empty = tokens[at] == ")"
            inner = ("list", []) if empty else value()
            at += 1
            return {"json::array": ("array", inner[1]), "json::object": ("object", {}), "json": inner}[token]
        if token == "{":
            items = []
            while tokens[at] != "}":
                items.append(value())
                at += tokens[at] == ","
            at += 1
            return "list", items
        return "plain", {"true": True, "false": False, "nullptr": None}[token] if token in ("true", "false", "nullptr") else json.loads(token)

    def plain(node):
        kind, inner = node
        if kind in ("plain", "object"):
            return inner
        is_pair = lambda n: n[0] == "list" and len(n[1]) == 2 and n[1][0][0] == "plain" and isinstance(n[1][0][1], str)
        if kind == "list" and inner and all(map(is_pair, inner)):
            return {plain(key): plain(item) for key, item in (n[1] for n in inner)}
        if kind == "list" and is_pair(node):
            return {plain(inner[0]): plain(inner[1])}
        return [plain(item) for item in inner]

    found = plain(value())
    if not isinstance(found, dict):
        raise ValueError("no variables")
    return json.loads(json.dumps(found, sort_keys=True))


def main(llama_cpp):
    root = pathlib.Path(llama_cpp)
    with zipfile.ZipFile(HERE / "llama-cpp.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        put = lambda name, text: archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED, 9)
        put("LICENSE", (root / "LICENSE").read_text())
        expected = {}
        for path in sorted(root.glob("models/templates/*.jinja")):
            source = path.read_bytes().decode()
            put(path.name, source.encode())
            expected[path.name] = {name: render(source, variables(m)) for name, m in CONVERSATIONS.items()}
        put("expected.json", json.dumps({"conversations": CONVERSATIONS, "renderings": expected}))
        small = (root / "tests/test-jinja.cpp").read_text()
        small = [[name, source, given, render(source, given)] for name, source, given in small_cases(small)]
        put("small.json", json.dumps(small))
    cases = json.loads((HERE / "cases.json").read_text())
    given = json.loads(json.dumps(cases["variables"], sort_keys=True))
    cases["cases"] = [[source, render(source, given)] for source, _ in cases["cases"]]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases["cases"])
    (HERE / "cases.json").write_text(f'{{"variables": {json.dumps(given)},\n"cases": [\n{lines}\n]}}\n')
    done = sum(text is not None for all in expected.values() for text in all.values())
    print(f"{len(expected)} templates, {done} renderings; {len(small)} small cases; {len(cases['cases'])} of our own")


if __name__ == "__main__":
    main(sys.argv[1])
