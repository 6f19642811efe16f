-- Spans as they were received. A later version of a span has the same project, start time, trace and id, and replaces it.
-- The four fsync and lifetime settings keep stored rows through a power cut; the engine's defaults do not.
CREATE TABLE IF NOT EXISTS spans{{local}}{{on_cluster}} (
    project_id LowCardinality(String),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    parent_span_id String CODEC(ZSTD(1)),
    is_root Bool,
    kind LowCardinality(String),
    name LowCardinality(String),
    start_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    end_time Nullable(DateTime64(6, 'UTC')) CODEC(Delta, ZSTD(1)),
    duration_us UInt64 MATERIALIZED if(
        end_time IS NULL, 0, toUInt64(greatest(0, dateDiff('microsecond', start_time, assumeNotNull(end_time))))
    ) CODEC(T64, ZSTD(1)),
    status Enum8('unset' = 0, 'ok' = 1, 'error' = 2),
    error_type LowCardinality(String),
    status_message String CODEC(ZSTD(1)),
    environment LowCardinality(String),
    release LowCardinality(String),
    session_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    key_id LowCardinality(String),
    provider LowCardinality(String),
    model LowCardinality(String),
    response_model LowCardinality(String),
    deployment LowCardinality(String),
    prompt_name LowCardinality(String),
    prompt_version UInt32 CODEC(T64, ZSTD(1)),
    input_tokens Nullable(UInt32) CODEC(T64, ZSTD(1)),
    output_tokens Nullable(UInt32) CODEC(T64, ZSTD(1)),
    cached_tokens Nullable(UInt32) CODEC(T64, ZSTD(1)),
    reasoning_tokens Nullable(UInt32) CODEC(T64, ZSTD(1)),
    cost_usd Nullable(Decimal(18, 9)) CODEC(ZSTD(1)),
    cost_details Map(LowCardinality(String), Decimal(18, 9)) CODEC(ZSTD(1)),
    first_token_ms Nullable(UInt32) CODEC(T64, ZSTD(1)),
    attempts UInt16 CODEC(T64, ZSTD(1)),
    simulated Bool,
    tags Array(LowCardinality(String)) CODEC(ZSTD(1)),
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    input String CODEC(ZSTD(1)),
    output String CODEC(ZSTD(1)),
    -- What a list shows without reading the bodies: the last message asked and the first answer, else the raw text.
    input_preview String MATERIALIZED substringUTF8(coalesce(
        nullIf(JSONExtractString(input, 'messages', -1, 'content'), ''),
        nullIf(JSONExtractString(input, 'messages', -1, 'content', 1, 'text'), ''),
        nullIf(JSONExtractString(input, 'input'), ''),
        input
    ), 1, 240) CODEC(ZSTD(1)),
    output_preview String MATERIALIZED substringUTF8(coalesce(
        nullIf(JSONExtractString(output, 'choices', 1, 'message', 'content'), ''),
        output
    ), 1, 240) CODEC(ZSTD(1)),
    retention_days UInt16 DEFAULT 90 CODEC(T64, ZSTD(1)),
    version UInt64 CODEC(Delta, ZSTD(1)),
    is_deleted UInt8 DEFAULT 0,
    INDEX ix_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX ix_session session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ix_user user_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ix_attribute mapValues(attributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    -- One index for both texts. Without a preprocessor: only so can the dictionary answer LIKE, that is, parts of words.
    INDEX ix_text lower(concat(input, ' ', output)) TYPE text(tokenizer = splitByNonAlpha)
) ENGINE = {{replicated}}ReplacingMergeTree({{replica}}version, is_deleted)
PARTITION BY toYYYYMM(start_time)
PRIMARY KEY (project_id, start_time)
ORDER BY (project_id, start_time, trace_id, span_id)
TTL toDateTime(start_time) + toIntervalDay(retention_days) DELETE
SETTINGS
    index_granularity = 1024,
    {{deduplication_window}} = 10000,
    merge_with_ttl_timeout = 14400,
    old_parts_lifetime = 480,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

-- Totals by hour, recomputed from spans for every hour that changed; never added to, so that nothing is counted twice.
CREATE TABLE IF NOT EXISTS spans_hourly{{local}}{{on_cluster}} (
    project_id LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    environment LowCardinality(String),
    kind LowCardinality(String),
    provider LowCardinality(String),
    model LowCardinality(String),
    deployment LowCardinality(String),
    spans UInt64,
    errors UInt64,
    input_tokens UInt64,
    output_tokens UInt64,
    cached_tokens UInt64,
    cost_usd Decimal(38, 9),
    unknown_cost UInt64,
    duration AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), Float32),
    computed_at UInt64
) ENGINE = {{replicated}}ReplacingMergeTree({{replica}}computed_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (project_id, hour, environment, kind, provider, model, deployment)
SETTINGS
    old_parts_lifetime = 480,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

-- cluster only
CREATE TABLE IF NOT EXISTS spans{{on_cluster}} AS spans_local
ENGINE = Distributed('{cluster}', currentDatabase(), spans_local, cityHash64(trace_id));

-- cluster only
CREATE TABLE IF NOT EXISTS spans_hourly{{on_cluster}} AS spans_hourly_local
ENGINE = Distributed('{cluster}', currentDatabase(), spans_hourly_local, cityHash64(project_id));
