"""Tiny random models and random texts, through LaserScope and through llama.cpp.

    pip install cyllama
    cargo build --example logits
    python3 examples/compare_with_llama_cpp.py target/debug/examples/logits [VOCABULARIES]

Prints, per case, how far LaserScope's logits are from llama.cpp's: the root mean
square of the difference over that of the logits, and whether the best token is the
same at every position. VOCABULARIES is the folder `models` of llama.cpp's source:
its vocabularies then cut random texts into ids, which must be equal.
"""
import json, math, os, random, struct, subprocess, sys, tempfile

from cyllama.llama import llama_cpp as cpp

WIDTH, FFN, LAYERS, HEADS, KV_HEADS, HEAD_DIM = 128, 192, 2, 4, 2, 32
F32, Q8_0, IQ4_NL = 0, 8, 20
IDS = [3, 14, 15, 9, 2, 6, 53, 58, 97, 93, 23, 84, 62, 64, 33, 83, 27, 95, 2, 88]


# GGUF, as far as it is needed here.
def u32(v): return 4, struct.pack("<I", v)
def i32(v): return 5, struct.pack("<i", v)
def u16(v): return 2, struct.pack("<H", v)
def f32(v): return 6, struct.pack("<f", v)
def text_bytes(v): return struct.pack("<Q", len(v.encode())) + v.encode()
def text(v): return 8, text_bytes(v)
def array(values, one):
    kind = one(values[0])[0]
    return 9, struct.pack("<IQ", kind, len(values)) + b"".join(one(v)[1] for v in values)


def write(path, keys, tensors):
    out = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)))
    for key, (kind, value) in keys.items():
        out += text_bytes(key) + struct.pack("<I", kind) + value
    offset = 0
    for name, (dims, kind, data) in tensors.items():
        out += text_bytes(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, kind, offset)
        offset += len(data) + -len(data) % 32
    for dims, kind, data in tensors.values():
        out += b"\0" * (-len(out) % 32) + data
    out += b"\0" * (-len(out) % 32)
    open(path, "wb").write(out)


def tokenizer_keys(path):
    """The keys of a file's tokenizer, as they lie there."""
    data, at, sizes = open(path, "rb").read(), 24, {0: 1, 1: 1, 2: 2, 3: 2, 7: 1, 10: 8, 11: 8, 12: 8}
    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values[0]
    def skip(kind):
        nonlocal at
        if kind == 8:
            n = take("Q")
            at += n
        elif kind == 9:
            inner, n = take("I"), take("Q")
            for _ in range(n):
                skip(inner)
        else:
            at += sizes.get(kind, 4)
    keys = {}
    for _ in range(struct.unpack_from("<Q", data, 16)[0]):
        n = take("Q")
        key = data[at:at + n].decode()
        at += n
        kind, start = take("I"), at
        skip(kind)
        if key.startswith("tokenizer.ggml."):
            keys[key] = kind, data[start:at]
    return keys


def byte_alphabet():
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in plain]
    return [chr(b) for b in plain] + [chr(256 + n) for n in range(len(others))]


def base_keys():
    tokens = byte_alphabet() + ["th", "<|end|>"]
    types = [1] * (len(tokens) - 1) + [3]
    return {
        "general.architecture": text("llama"),
        "llama.block_count": u32(LAYERS),
        "llama.embedding_length": u32(WIDTH),
        "llama.feed_forward_length": u32(FFN),
        "llama.attention.head_count": u32(HEADS),
        "llama.attention.head_count_kv": u32(KV_HEADS),
        "llama.rope.dimension_count": u32(HEAD_DIM),
        "llama.rope.freq_base": f32(10000.0),
        "llama.attention.layer_norm_rms_epsilon": f32(1e-5),
        "llama.context_length": u32(512),
        "tokenizer.ggml.model": text("gpt2"),
        "tokenizer.ggml.pre": text("gpt-2"),
        "tokenizer.ggml.tokens": array(tokens, text),
        "tokenizer.ggml.token_type": array(types, i32),
        "tokenizer.ggml.merges": array(["t h"], text),
        "tokenizer.ggml.eos_token_id": u32(len(tokens) - 1),
    }


def matrix(rng, rows, cols, kind):
    if kind == F32:
        values = [rng.gauss(0, 0.12) for _ in range(rows * cols)]
        return [cols, rows], kind, struct.pack(f"<{rows * cols}f", *values)
    blocks = rows * cols // 32
    data = b"".join(struct.pack("<e", rng.uniform(0.0005, 0.002)) + rng.randbytes(16)
                    for _ in range(blocks))
    return [cols, rows], kind, data


def as_f32(tensors):
    """The same numbers, unpacked."""
    values = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
    def unpacked(data):
        for at in range(0, len(data), 18):
            scale, nibbles = struct.unpack_from("<e", data, at)[0], data[at + 2:at + 18]
            yield from (scale * values[b & 15] for b in nibbles)
            yield from (scale * values[b >> 4] for b in nibbles)
    def one(dims, kind, data):
        if kind != IQ4_NL:
            return dims, kind, data
        floats = list(unpacked(data))
        return dims, F32, struct.pack(f"<{len(floats)}f", *floats)
    return {name: one(*tensor) for name, tensor in tensors.items()}


def vector(rng, n, middle, spread):
    return [n], F32, struct.pack(f"<{n}f", *[rng.gauss(middle, spread) for _ in range(n)])


def base_tensors(kind=F32, bias=False):
    rng = random.Random(7)
    vocab = 258
    tensors = {
        "token_embd.weight": matrix(rng, vocab, WIDTH, F32),
        "output_norm.weight": vector(rng, WIDTH, 1, 0.1),
        "output.weight": matrix(rng, vocab, WIDTH, kind),
    }
    parts = [("attn_q", WIDTH, WIDTH), ("attn_k", KV_HEADS * HEAD_DIM, WIDTH),
             ("attn_v", KV_HEADS * HEAD_DIM, WIDTH), ("attn_output", WIDTH, WIDTH),
             ("ffn_gate", FFN, WIDTH), ("ffn_up", FFN, WIDTH), ("ffn_down", WIDTH, FFN)]
    for i in range(LAYERS):
        tensors[f"blk.{i}.attn_norm.weight"] = vector(rng, WIDTH, 1, 0.1)
        tensors[f"blk.{i}.ffn_norm.weight"] = vector(rng, WIDTH, 1, 0.1)
        for name, rows, cols in parts:
            tensors[f"blk.{i}.{name}.weight"] = matrix(rng, rows, cols, kind)
            if bias and name in ("attn_q", "attn_k", "attn_v"):
                tensors[f"blk.{i}.{name}.bias"] = vector(rng, rows, 0, 0.3)
    return tensors


def write_split(folder, keys, tensors, n):
    names = list(tensors)
    share = -(-len(names) // n)
    paths = []
    for i in range(n):
        own = {} if i else dict(keys)
        own["split.no"], own["split.count"] = u16(i), u16(n)
        own["split.tensors.count"] = i32(len(names))
        paths.append(os.path.join(folder, f"split-{i + 1:05}-of-{n:05}.gguf"))
        write(paths[-1], own, {name: tensors[name] for name in names[i * share:(i + 1) * share]})
    return paths


def cases(folder):
    """(name, the file for llama.cpp, the file for LaserScope)"""
    def one(name, keys, tensors):
        path = os.path.join(folder, name + ".gguf")
        write(path, {**base_keys(), **keys}, tensors)
        return name, path, path
    plain = base_tensors()
    yarn = {"llama.rope.scaling.type": text("yarn"), "llama.rope.scaling.factor": f32(4.0),
            "llama.rope.scaling.original_context_length": u32(64)}
    yield one("plain", {}, plain)
    first, second, _ = write_split(folder, base_keys(), plain, 3)
    yield "split in 3, by its second part", first, second
    yield one("rope.scale_linear", {"llama.rope.scale_linear": f32(4.0)}, plain)
    yield one("factor without a type", {"llama.rope.scaling.factor": f32(4.0)}, plain)
    yield one("type none with a factor", {"llama.rope.scaling.type": text("none"),
                                          "llama.rope.scaling.factor": f32(4.0)}, plain)
    yield one("yarn", yarn, plain)
    yield one("yarn with attn_factor", {**yarn, "llama.rope.scaling.attn_factor": f32(0.7)}, plain)
    yield one("arrays per layer", {"llama.attention.head_count_kv": array([KV_HEADS] * LAYERS, u32)}, plain)
    packed = base_tensors(IQ4_NL)
    name, path, _ = one("IQ4_NL", {}, packed)
    yield name, path, path
    # llama.cpp rounds activations where weights are quantized; here it does not.
    yield "IQ4_NL, there as f32", one("twin", {}, as_f32(packed))[1], path
    yield one("biases", {}, base_tensors(bias=True))


class Model(cpp.LlamaModel):
    """cyllama 0.2 asks a model for this, which it has not."""
    n_vocab = property(lambda self: self.get_vocab().n_vocab)


def by_llama_cpp(path):
    params = cpp.LlamaModelParams()
    params.n_gpu_layers = 0
    model = Model(path, params)
    options = cpp.LlamaContextParams()
    options.n_ctx = 64
    options.type_k = options.type_v = F32
    options.flash_attn_type = 0
    context = cpp.LlamaContext(model, options)
    rows = []
    for at, token in enumerate(IDS):
        batch = cpp.LlamaBatch(n_tokens=1, embd=0, n_seq_max=1)
        batch.add(token, at, [0], True)
        context.decode(batch)
        rows.append(list(context.get_logits()))
    return rows


def by_laserscope(binary, path):
    out = subprocess.run([binary, path, *map(str, IDS)], capture_output=True, text=True)
    if out.returncode:
        raise SystemExit(f"{path}: {out.stderr}")
    return [json.loads(line) for line in out.stdout.splitlines()]


def compare_logits(binary):
    with tempfile.TemporaryDirectory() as folder:
        for name, theirs_file, ours_file in cases(folder):
            theirs, ours = by_llama_cpp(theirs_file), by_laserscope(binary, ours_file)
            pairs = [(a, b) for row, other in zip(ours, theirs) for a, b in zip(row, other)]
            off = math.sqrt(sum((a - b) ** 2 for a, b in pairs) / sum(b * b for _, b in pairs))
            best = sum(row.index(max(row)) == other.index(max(other))
                       for row, other in zip(ours, theirs))
            print(f"{name:32} off by {off:.1e}, best token equal at {best} of {len(IDS)}")


WORDS = ["the", "Heat", "it's", "IT'S", "we'll", "naïve", "ÉLAN", "über", "日本語", "한국어", "Привет",
         "x²", "٣٤", "3", "1995", "12345", "1,234.5", "a_b", "C++", "--", "...", "!?", "“q”", "‘s’",
         "\n", "\r\n", "\n\n", "\t", "  ", "   ", "　", "é", "ﬁ", "🙂", "👩‍👩‍👧", "§", "€5", "ǅ", "ʼ",
         "ไทย", "नमस्ते", "שלום", "مرحبا", "\u200b", "\u00a0", "%", "{x}", "[1]", "\\", "`", "~", "^", "|"]


def random_texts(n):
    rng = random.Random(11)
    texts = []
    for _ in range(n):
        parts = [rng.choice(WORDS) if rng.random() < 0.8 else chr(rng.choice(
            [rng.randrange(32, 127), rng.randrange(160, 0x250), rng.randrange(0x370, 0x530),
             rng.randrange(0x4e00, 0x9fff), rng.randrange(0x2000, 0x2070)]))
            for _ in range(rng.randrange(1, 14))]
        texts.append("".join(p + rng.choice(["", " ", " "]) for p in parts))
    return texts


def vocabulary_of(path):
    """llama.cpp's vocabulary; cyllama opens no file without weights, so it gets some."""
    keys = {key: value for key, value in base_keys().items() if not key.startswith("tokenizer.")}
    keys.update(tokenizer_keys(path))
    _, raw = keys["tokenizer.ggml.tokens"]
    n_tokens = struct.unpack_from("<Q", raw, 4)[0]
    tensors = {name: ([*dims[:1], n_tokens] if len(dims) == 2 and dims[1] == 258 else dims, kind, data)
               for name, (dims, kind, data) in base_tensors().items()}
    for name in ("token_embd.weight", "output.weight"):
        tensors[name] = [WIDTH, n_tokens], Q8_0, bytes(n_tokens * WIDTH // 32 * 34)
    with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
        write(file.name, keys, tensors)
        params = cpp.LlamaModelParams()
        params.n_gpu_layers = 0
        model = cpp.LlamaModel(file.name, params)
    KEPT.append(model)
    return model.get_vocab()


# A vocabulary is its model's.
KEPT = []


def compare_ids(binary, folder):
    texts = random_texts(2000)
    for file in sorted(os.listdir(folder)):
        if not file.endswith(".gguf"):
            continue
        path = os.path.join(folder, file)
        ours = subprocess.run([binary, path, "--tokenize"], input=json.dumps(texts),
                              capture_output=True, text=True)
        if ours.returncode:
            print(f"{file:34} refused: {ours.stderr.strip().splitlines()[1:2]}")
            continue
        vocabulary = vocabulary_of(path)
        equal, first = 0, None
        for text_, line in zip(texts, ours.stdout.splitlines()):
            theirs = list(vocabulary.tokenize(text_, add_special=False, parse_special=True))
            same = theirs == json.loads(line)
            equal += same
            first = first or (None if same else (text_, json.loads(line), theirs))
        print(f"{file:34} {equal} of {len(texts)} random texts equal" + (f"; first other: {first}" if first else ""))


if __name__ == "__main__":
    cpp.disable_logging()
    compare_logits(sys.argv[1])
    if len(sys.argv) > 2:
        compare_ids(sys.argv[1], sys.argv[2])
