"""What the filters of a case are in each proxy's configuration. A proxy without an entry does not take part."""

# As generous that nothing is ever refused: what is measured is what a limit costs a request that passes it.
MANY = 1_000_000

SLUICE_LIMIT = f"""
[filter:limit]
use   = rate-limit
rate  = {MANY}/s
burst = {MANY}
key   = client-address
"""
SLUICE_GZIP = """
[filter:gzip]
use   = gzip
level = 1
types = application/json
"""
SLUICE_THREE = SLUICE_LIMIT + """
[filter:versions]
use      = version-negotiation
version  = v2.0
version  = v2.1
default  = min

[filter:id]
use = request-id
"""
ENVOY_LIMIT = f"""
          - name: envoy.filters.http.local_ratelimit
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
              stat_prefix: limit
              token_bucket: {{ max_tokens: {MANY}, tokens_per_fill: {MANY}, fill_interval: 1s }}
              filter_enabled: {{ default_value: {{ numerator: 100, denominator: HUNDRED }} }}
              filter_enforced: {{ default_value: {{ numerator: 100, denominator: HUNDRED }} }}"""
ENVOY_GZIP = """
          - name: envoy.filters.http.compressor
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.compressor.v3.Compressor
              response_direction_config: { common_config: { content_type: [application/json] } }
              compressor_library:
                name: gzip
                typed_config:
                  "@type": type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip
                  compression_level: BEST_SPEED
                  window_bits: 15
                  memory_level: 8
                  chunk_size: 16384"""


def sluice(pipeline, sections):
    return {"filters": f"[pipeline:filtered]\npipeline = {pipeline} web\n{sections}"}


# Name of the set: {proxy: {what fills its template}}.
FILTERS = {
    "none": {},
    "limit": {
        "sluice": sluice("limit", SLUICE_LIMIT),
        "nginx": {
            "filter_zone": f"limit_req_zone $binary_remote_addr zone=limit:10m rate={MANY}r/s;",
            "filters": f"limit_req zone=limit burst={MANY} nodelay;",
        },
        "haproxy": {
            "filters": "stick-table type ipv6 size 100k expire 60s store http_req_rate(1s)\n"
                       "    http-request track-sc0 src\n"
                       f"    http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt {MANY} }}",
        },
        # One bucket for all clients: Envoy's own, without descriptors, keeps none for each address.
        "envoy": {"filters": ENVOY_LIMIT},
    },
    # Level 1 of each. nghttpx has none.
    "gzip": {
        "sluice": sluice("gzip", SLUICE_GZIP),
        "nginx": {"filters": "gzip on; gzip_comp_level 1; gzip_proxied any; gzip_types application/json;"},
        "haproxy": {"filters": "filter compression\n    compression algo gzip\n    compression type application/json"},
        "h2o": {"filters": "compress:\n          gzip: 1"},
        "envoy": {"filters": ENVOY_GZIP},
        "caddy": {"filters": "encode {\n\t\tgzip 1\n\t}"},
    },
    "three": {"sluice": sluice("versions limit id", SLUICE_THREE)},
}

# What every template has a place for.
NOTHING = {"filters": "", "filter_zone": ""}


def has(peer, filters):
    """Whether the proxy has the set; everyone can do without."""
    return filters == "none" or peer.split("-")[0] in FILTERS[filters]


def values(peer, filters):
    """What the set fills the proxy's template with."""
    return {**NOTHING, **FILTERS[filters].get(peer.split("-")[0], {})}
