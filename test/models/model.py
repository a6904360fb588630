"""Reads a recorded HTTP request by AWS's own API models, those that come with
botocore, and says what the models do not allow: members and parameters they do
not know, members that are missing, values of another type, outside an enum, a
pattern or a range.

It serves the check of what kiso sends; it knows nothing of kiso.
"""

import base64
import json
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree

import botocore.session
from botocore.model import ListShape, MapShape, StructureShape

SESSION = botocore.session.get_session()
MODELS = {}

# What every S3 request may carry, whatever its operation.
S3_HEADERS = {
    "x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amz-user-agent",
    "x-amz-sdk-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-trailer", "x-amz-decoded-content-length",
}

class Invalid(Exception):
    """The request is none of any operation of the model."""


def service_model(signed_as):
    """The model of the service that signs so: of that name, or another (access-analyzer is accessanalyzer)."""
    if signed_as not in MODELS:
        names = SESSION.get_available_services()
        name = signed_as if signed_as in names else next(n for n in names if signing_name(n) == signed_as)
        MODELS[signed_as] = SESSION.get_service_model(name)
    return MODELS[signed_as]


def signing_name(name):
    metadata = SESSION.get_service_model(name).metadata
    return metadata.get("signingName", metadata["endpointPrefix"])


def scope(request):
    """The region and the service that a request is signed for."""
    authorization = request["headers"].get("authorization", "")
    found = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", authorization)
    if not found:
        raise Invalid(f"not signed: {request['method']} {request['target']}")
    return found.groups()


def check(request):
    """Returns service, region, operation, decoded parameters and the faults of a request."""
    region, service = scope(request)
    model = service_model(service)
    protocol = model.metadata["protocol"]
    if protocol in ("query", "ec2"):
        operation, params, faults = read_query(model, request, protocol)
    elif protocol == "json":
        operation, params, faults = read_json(model, request)
    else:
        operation, params, faults = read_rest(model, request, protocol)
    if operation.input_shape:
        faults += walk(operation.input_shape, params, operation.name)
    elif params:
        faults.append(f"{operation.name}: takes no input, got {params}")
    return service, region, operation, params, faults


# --- JSON -----------------------------------------------------------------

def read_json(model, request):
    target = request["headers"].get("x-amz-target", "")
    prefix, _, name = target.rpartition(".")
    # The SDKs write CloudTrail's with and without its Java package; AWS takes both.
    if prefix.rpartition(".")[2] != model.metadata["targetPrefix"].rpartition(".")[2] or name not in model.operation_names:
        raise Invalid(f"unknown target {target!r}")
    operation = model.operation_model(name)
    body = json.loads(request["body"] or b"{}")
    return operation, from_json(operation.input_shape, body), []


def from_json(shape, value):
    """Names members as the model does; what the model does not know keeps its name."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        by_wire = {m.serialization.get("name", n): (n, m) for n, m in shape.members.items()}
        out = {}
        for key, item in value.items():
            name, member = by_wire.get(key, (key, None))
            out[name] = from_json(member, item)
        return out
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_json(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: from_json(shape.value, item) for key, item in value.items()}
    return value


# --- Query and EC2 --------------------------------------------------------

def read_query(model, request, protocol):
    pairs = urllib.parse.parse_qsl(request["body"].decode(), keep_blank_values=True, strict_parsing=True)
    fields = dict(pairs)
    faults = [] if len(fields) == len(pairs) else ["a parameter stands twice"]
    name, version = fields.pop("Action", ""), fields.pop("Version", "")
    if name not in model.operation_names:
        raise Invalid(f"unknown action {name!r}")
    if version != model.api_version:
        faults.append(f"{name}: version {version!r}, not {model.api_version}")
    operation = model.operation_model(name)
    params = query_value(operation.input_shape, "", fields, protocol) if operation.input_shape else {}
    faults += [f"{name}: unknown parameter {key}={value}" for key, value in fields.items()]
    return operation, params or {}, faults


def query_name(name, member, protocol):
    wire = member.serialization
    if protocol == "ec2":
        return wire.get("queryName") or upper_first(wire.get("name", name))
    return wire.get("name", name)


def upper_first(text):
    return text[:1].upper() + text[1:]


def query_value(shape, prefix, fields, protocol):
    """Takes what belongs to shape out of fields; None where nothing does."""
    dot = prefix + "." if prefix else ""
    if isinstance(shape, StructureShape):
        out = {}
        for name, member in shape.members.items():
            value = query_value(member, dot + query_name(name, member, protocol), fields, protocol)
            if value is not None:
                out[name] = value
        return out or None
    if isinstance(shape, ListShape):
        flat = protocol == "ec2" or shape.serialization.get("flattened")
        base = prefix if flat else dot + shape.member.serialization.get("name", "member")
        if fields.get(prefix) == "":
            fields.pop(prefix)
            return []
        return numbered(lambda n: query_value(shape.member, f"{base}.{n}", fields, protocol))
    if isinstance(shape, MapShape):
        base = prefix if shape.serialization.get("flattened") else dot + "entry"
        key, item = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        found = numbered(lambda n: (
            (fields.pop(f"{base}.{n}.{key}"), query_value(shape.value, f"{base}.{n}.{item}", fields, protocol))
            if f"{base}.{n}.{key}" in fields else None))
        return dict(found) if found is not None else None
    return scalar(shape, fields.pop(prefix, None))


def numbered(take):
    out = []
    while (value := take(len(out) + 1)) is not None:
        out.append(value)
    return out or None


def scalar(shape, text):
    """Text as the type of shape; the text itself where it is none of that type."""
    if text is None:
        return None
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if shape.type_name in ("integer", "long"):
        return int(text) if re.fullmatch(r"-?\d+", text) else text
    if shape.type_name in ("float", "double"):
        return float(text)
    return text


# --- REST -----------------------------------------------------------------

def read_rest(model, request, protocol):
    url = urllib.parse.urlsplit(request["target"])
    query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
    query.pop("x-id", None)  # the SDKs' hint, which services ignore
    operation, labels, literal = route(model, request["method"], url.path, query)
    shape = operation.input_shape
    params, faults, used = {}, [], set(literal)
    members = shape.members if shape else {}
    body_members = {}
    for name, member in members.items():
        wire = member.serialization
        place, key = wire.get("location"), wire.get("name", name)
        if place == "uri":
            params[name] = scalar(member, labels[key])
        elif place == "querystring":
            if key in query:
                used.add(key)
                params[name] = query_member(member, query[key])
        elif place == "header":
            if key.lower() in request["headers"]:
                params[name] = scalar(member, request["headers"][key.lower()])
        elif place == "headers":
            pass
        else:
            body_members[name] = member
    faults += [f"{operation.name}: unknown query parameter {key}" for key in query if key not in used]
    faults += unknown_headers(operation, request, members)
    read_body = rest_xml if protocol == "rest-xml" else rest_json
    read_body(operation, shape, body_members, request["body"], params, faults)
    return operation, params, faults


def query_member(member, values):
    if isinstance(member, ListShape):
        return [scalar(member.member, v) for v in values]
    return scalar(member, values[0])


def unknown_headers(operation, request, members):
    known = {m.serialization.get("name", n).lower() for n, m in members.items()
             if m.serialization.get("location") == "header"} | S3_HEADERS
    return [f"{operation.name}: unknown header {name}" for name in request["headers"]
            if name.startswith("x-amz-") and name not in known]


def route(model, method, path, query):
    """The operation whose URI fits best: most literal words in its query and path."""
    best = None
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.http["method"] != method:
            continue
        template, _, wanted = operation.http["requestUri"].partition("?")
        literal = dict(urllib.parse.parse_qsl(wanted, keep_blank_values=True))
        if any(key not in query or (value and query[key] != [value]) for key, value in literal.items()):
            continue
        labels = match_path(template, path)
        if labels is None:
            continue
        rank = (len(literal), -len(labels), name)
        if best is None or rank > best[0]:
            best = (rank, operation, labels, literal)
    if best is None:
        raise Invalid(f"no operation of {model.service_name} at {method} {path} {query}")
    return best[1:]


def match_path(template, path):
    expression = ""
    for part in re.split(r"(\{[^}]+\})", template):
        if part.startswith("{"):
            expression += ".+" and ("(.+)" if part.endswith("+}") else "([^/]+)")
        else:
            expression += re.escape(part)
    found = re.fullmatch(expression.rstrip("/") + "/?", path)
    if not found:
        return None
    names = [name.rstrip("+") for name in re.findall(r"\{([^}]+)\}", template)]
    return dict(zip(names, map(urllib.parse.unquote, found.groups())))


def rest_json(operation, shape, body_members, body, params, faults):
    payload = shape.serialization.get("payload") if shape else None
    value = json.loads(body) if body else {}
    if payload:
        params[payload] = from_json(shape.members[payload], value)
        return
    by_wire = {m.serialization.get("name", n): (n, m) for n, m in body_members.items()}
    for key, item in value.items():
        if key in by_wire:
            name, member = by_wire[key]
            params[name] = from_json(member, item)
        else:
            faults.append(f"{operation.name}: unknown member {key}")


def rest_xml(operation, shape, body_members, body, params, faults):
    payload = shape.serialization.get("payload") if shape else None
    if not body:
        return
    if payload is None:
        faults.append(f"{operation.name}: takes no body, got {body[:80]}")
        return
    member = shape.members[payload]
    if not isinstance(member, StructureShape):
        params[payload] = body.decode()
        return
    root = ElementTree.fromstring(body)
    wanted = member.serialization.get("name", payload)
    namespace = member.serialization.get("xmlNamespace", {}).get("uri")
    if root.tag != (f"{{{namespace}}}{wanted}" if namespace else wanted):
        faults.append(f"{operation.name}: the body is {root.tag}, not {wanted}")
    params[payload] = from_xml(member, root, operation.name, faults)


def local(tag):
    return tag.rpartition("}")[2]


def from_xml(shape, element, at, faults):
    if isinstance(shape, StructureShape):
        out, known = {}, set()
        for name, member in shape.members.items():
            flat = isinstance(member, ListShape) and member.serialization.get("flattened")
            wire = member.serialization.get("name", name)
            if flat:
                wire = member.member.serialization.get("name", wire)
            found = [child for child in element if local(child.tag) == wire]
            known.add(wire)
            if flat and found:
                out[name] = [from_xml(member.member, child, f"{at}.{name}", faults) for child in found]
            elif found:
                out[name] = from_xml(member, found[0], f"{at}.{name}", faults)
        faults += [f"{at}: unknown element {child.tag}" for child in element if local(child.tag) not in known]
        return out
    if isinstance(shape, ListShape):
        return [from_xml(shape.member, child, at, faults) for child in element]
    return scalar(shape, element.text or "")


# --- What the model allows ------------------------------------------------

PYTHON_TYPES = {
    "string": str, "character": str, "boolean": bool, "integer": int, "long": int,
    "float": (int, float), "double": (int, float), "structure": dict, "map": dict, "list": list,
    "timestamp": (str, int, float),
}


def walk(shape, value, at):
    """Every way in which a value is not one of shape."""
    kind = shape.type_name
    if kind == "blob":
        return [] if is_blob(value) else [f"{at}: no blob: {value!r}"]
    if not isinstance(value, PYTHON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{at}: {value!r} is no {kind}"]
    faults = limits(shape, value, at)
    if kind == "structure":
        faults += structure(shape, value, at)
    elif kind == "list":
        for index, item in enumerate(value):
            faults += walk(shape.member, item, f"{at}[{index}]")
    elif kind == "map":
        for key, item in value.items():
            faults += walk(shape.key, key, f"{at}.{key} (key)") + walk(shape.value, item, f"{at}.{key}")
    return faults


def is_blob(value):
    if isinstance(value, str):
        base64.b64decode(value, validate=True)
    return isinstance(value, (str, bytes))


def structure(shape, value, at):
    faults = [f"{at}: {name} is required" for name in shape.required_members if name not in value]
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        faults.append(f"{at}: a union of exactly one member, got {sorted(value)}")
    for name, item in value.items():
        if name not in shape.members:
            faults.append(f"{at}: unknown member {name}")
        else:
            faults += walk(shape.members[name], item, f"{at}.{name}")
    return faults


def limits(shape, value, at):
    meta, faults = shape.metadata, []
    if meta.get("enum") and value not in meta["enum"]:
        faults.append(f"{at}: {value!r} is none of {meta['enum']}")
    if meta.get("pattern") and isinstance(value, str) and not fits(meta["pattern"], value):
        faults.append(f"{at}: {value!r} does not match {meta['pattern']}")
    size = value if isinstance(value, (int, float)) else len(value)
    if not isinstance(value, bool):
        if "min" in meta and size < meta["min"]:
            faults.append(f"{at}: {size} is less than {meta['min']}")
        if "max" in meta and size > meta["max"]:
            faults.append(f"{at}: {size} is more than {meta['max']}")
    return faults


def fits(pattern, value):
    """Patterns are Java's and hold for the whole value; \\p{L} and its like become
    what Python has for letters, digits and the like."""
    return re.fullmatch(re.sub(r"\\p\{\w+\}", r"\\w", pattern), value, re.DOTALL) is not None
