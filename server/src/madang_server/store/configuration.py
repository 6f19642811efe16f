"""The engine's configuration files, written at each start: memory cap, small pools, settings that keep what is stored.

The embedded engine's defaults are unsafe (no fsync, merged-away parts dropped at once, inserts acknowledged before
they are stored) and sized for a whole machine.
"""

from pathlib import Path
from xml.sax.saxutils import escape

MIN_FREE_DISK_BYTES = 256 << 20
QUERY_SECONDS = 60

_CONFIG = """<clickhouse>
    <max_server_memory_usage>{memory}</max_server_memory_usage>
    <max_server_memory_usage_to_ram_ratio>0.9</max_server_memory_usage_to_ram_ratio>
    <mark_cache_size>{mark_cache}</mark_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <query_condition_cache_size>{small_cache}</query_condition_cache_size>
    <mmap_cache_size>64</mmap_cache_size>
    <compiled_expression_cache_size>{small_cache}</compiled_expression_cache_size>
    <background_pool_size>2</background_pool_size>
    <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
    <background_schedule_pool_size>4</background_schedule_pool_size>
    <background_common_pool_size>2</background_common_pool_size>
    <background_fetches_pool_size>1</background_fetches_pool_size>
    <background_move_pool_size>1</background_move_pool_size>
    <max_thread_pool_size>200</max_thread_pool_size>
    <timezone>UTC</timezone>
    <users_config>{users}</users_config>
    <merge_tree>
        <fsync_after_insert>1</fsync_after_insert>
        <fsync_part_directory>1</fsync_part_directory>
        <min_compressed_bytes_to_fsync_after_merge>1</min_compressed_bytes_to_fsync_after_merge>
        <old_parts_lifetime>480</old_parts_lifetime>
        <min_free_disk_bytes_to_perform_insert>{free}</min_free_disk_bytes_to_perform_insert>
        <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
        <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
        <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
    </merge_tree>
</clickhouse>
"""

_USERS = """<clickhouse>
    <profiles>
        <default>
            <async_insert>0</async_insert>
            <max_threads>{threads}</max_threads>
            <max_memory_usage>{query_memory}</max_memory_usage>
            <max_bytes_before_external_group_by>{spill}</max_bytes_before_external_group_by>
            <max_bytes_before_external_sort>{spill}</max_bytes_before_external_sort>
            <max_execution_time>{seconds}</max_execution_time>
            <do_not_merge_across_partitions_select_final>1</do_not_merge_across_partitions_select_final>
        </default>
    </profiles>
    <users>
        <default>
            <password></password>
            <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
        </default>
    </users>
    <quotas><default></default></quotas>
</clickhouse>
"""


def write_configuration(folder: Path, memory_mb: int, threads: int) -> Path:
    """The path of the configuration just written into `folder`; `memory_mb` caps the whole engine."""
    memory = memory_mb << 20
    folder.mkdir(parents=True, exist_ok=True)
    users = folder / "users.xml"
    users.write_text(
        _USERS.format(threads=threads, query_memory=memory * 2 // 3, spill=memory // 4, seconds=QUERY_SECONDS)
    )
    config = folder / "config.xml"
    config.write_text(
        _CONFIG.format(
            memory=memory,
            mark_cache=memory // 16,
            small_cache=8 << 20,
            free=MIN_FREE_DISK_BYTES,
            users=escape(str(users)),
        )
    )
    return config
