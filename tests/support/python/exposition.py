"""Reads an exposition page on standard input with the official parser and prints it as JSON.

usage: exposition.py openmetrics|text
"""

import json
import math
import sys

from prometheus_client import openmetrics, parser
import prometheus_client.openmetrics.parser


def number(value):
    """JSON has no infinities: they become the strings that Prometheus writes."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return value


def seconds(timestamp):
    return None if timestamp is None else float(timestamp)


def exemplar(found):
    if found is None:
        return None
    return {"labels": found.labels, "value": number(found.value), "timestamp": seconds(found.timestamp)}


def sample(found):
    return {
        "name": found.name,
        "labels": found.labels,
        "value": number(found.value),
        "timestamp": seconds(found.timestamp),
        "exemplar": exemplar(found.exemplar),
    }


def family(found):
    return {
        "name": found.name,
        "type": found.type,
        "unit": found.unit,
        "help": found.documentation,
        "samples": [sample(one) for one in found.samples],
    }


PARSERS = {
    "openmetrics": openmetrics.parser.text_string_to_metric_families,
    "text": parser.text_string_to_metric_families,
}

page = sys.stdin.buffer.read().decode("utf-8")
try:
    families = [family(found) for found in PARSERS[sys.argv[1]](page)]
except Exception as problem:  # the parser raises ValueError mostly, and KeyError or IndexError on some pages
    sys.exit(f"{type(problem).__name__}: {problem}")
json.dump(families, sys.stdout)
