"""Reads a configuration of the OpenTelemetry collector and says what the collector would refuse, and what this suite asks of it.

No collector is at hand where this runs; what one says at its start, about names above all, is said here.
"""

import sys

import yaml

# What Jaeger 2 has of each (its builder.yaml), as far as one is likely to be used here.
KNOWN = {
    "receivers": {"otlp", "jaeger", "kafka", "zipkin", "nop"},
    "processors": {"batch", "memory_limiter", "tail_sampling", "attributes", "filter", "adaptive_sampling"},
    "exporters": {"jaeger_storage_exporter", "otlp", "otlphttp", "prometheus", "kafka", "debug", "nop"},
    "connectors": {"forward", "spanmetrics"},
    "extensions": {"jaeger_storage", "jaeger_query", "healthcheckv2", "pprof", "zpages", "basicauth", "remote_sampling"},
}


def faults(config):
    """All that is wrong."""
    pipelines = config["service"]["pipelines"]
    connectors = set(config.get("connectors", {}))
    used = {kind: set() for kind in KNOWN}
    used["extensions"] = set(config["service"]["extensions"])
    for name, pipeline in pipelines.items():
        for kind in ("receivers", "processors", "exporters"):
            for component in pipeline.get(kind, []):
                where = "connectors" if component in connectors and kind != "processors" else kind
                used[where].add(component)
                if component not in (config.get(where) or {}):
                    yield f"{name} names {component}, which is not defined among the {where}"
        order = pipeline.get("processors", [])
        if order and (order[0] != "memory_limiter" or order[-1] != "batch"):
            yield f"{name}: the memory limiter comes first, the batches last"
    for kind, known in KNOWN.items():
        for component in config.get(kind) or {}:
            if component.split("/")[0] not in known:
                yield f"Jaeger has no {component} among its {kind}"
            if component not in used[kind]:
                yield f"{component} is defined and not used"
    for connector in connectors:
        fed = any(connector in pipeline.get("exporters", []) for pipeline in pipelines.values())
        read = any(connector in pipeline.get("receivers", []) for pipeline in pipelines.values())
        if not (fed and read):
            yield f"{connector} joins no two pipelines"
    yield from sampling(config, pipelines)


def sampling(config, pipelines):
    """Errors and slow traces are kept, and everything is counted before anything is left out."""
    policies = {policy["name"]: policy for policy in config["processors"]["tail_sampling"]["policies"]}
    if len(policies) != len(config["processors"]["tail_sampling"]["policies"]):
        yield "two policies have the same name"
    for name, policy in policies.items():
        if policy["type"] not in policy:
            yield f"the policy {name} says nothing of {policy['type']}"
    kinds = {policy["type"]: policy for policy in policies.values()}
    if "ERROR" not in kinds.get("status_code", {}).get("status_code", {}).get("status_codes", []):
        yield "errors are not kept"
    if not kinds.get("latency", {}).get("latency", {}).get("threshold_ms"):
        yield "slow traces are not kept"
    if "probabilistic" not in kinds:
        yield "of the other traces none is kept"
    for name, pipeline in pipelines.items():
        sampled = "tail_sampling" in pipeline.get("processors", [])
        if "spanmetrics" in pipeline["exporters"] and sampled:
            yield f"{name} counts what is left, not what there was"
        if "jaeger_storage_exporter" in pipeline["exporters"] and not sampled:
            yield f"{name} keeps everything"


def main(path):
    """Prints faults; 1 when there are any."""
    with open(path, encoding="utf-8") as file:
        found = list(faults(yaml.safe_load(file)))
    for fault in found:
        print(f"{path}: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
