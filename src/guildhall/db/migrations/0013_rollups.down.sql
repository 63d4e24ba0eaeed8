DROP VIEW platform.daily_stats;
DROP VIEW catalogue.status_hourly;
DROP VIEW catalogue.status_5min;
DROP VIEW gateway.llm_latency_daily;
DROP VIEW gateway.mv_daily_stats;
DROP VIEW evaluation.tool_performance_daily;
DROP VIEW evaluation.failure_trends_daily;
DROP VIEW evaluation.scenario_performance_daily;
DROP VIEW evaluation.simulation_latency_hourly;
DROP VIEW evaluation.simulation_performance_daily;
DROP VIEW evaluation.simulation_performance_hourly;

DO $$
DECLARE
    made record;
BEGIN
    IF platform.timescale_schema() IS NOT NULL THEN
        EXECUTE format(
            'SELECT %s.delete_job(job_id) FROM timescaledb_information.jobs WHERE proc_schema = ''platform'' AND proc_name = ''refresh_continuous_rollups''',
            platform.timescale_schema()
        );
    END IF;
    FOR made IN SELECT name, is_continuous FROM platform.rollups ORDER BY width DESC, name LOOP -- coarser ones read finer ones
        EXECUTE format('DROP VIEW store.%I', made.name || '_now');
        EXECUTE format('DROP %s store.%I', CASE WHEN made.is_continuous THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, made.name);
    END LOOP;
    FOR made IN SELECT DISTINCT source FROM platform.rollups LOOP
        EXECUTE format('DROP FUNCTION store.%I() CASCADE', 'mark_' || made.source);
        EXECUTE format('DROP INDEX store.%I', made.source || '_by_age');
    END LOOP;
END
$$;

DROP PROCEDURE IF EXISTS platform.refresh_continuous_rollups(integer, jsonb);
DROP FUNCTION platform.refresh_rollups(timestamptz, integer);
DROP FUNCTION platform.refresh_rollup(text, timestamptz, integer);
DROP FUNCTION platform.create_rollup(text, text, interval, text[], text, interval, interval, interval, text, text, boolean);
DROP FUNCTION platform.watch_series(text);
DROP FUNCTION platform.fill(text, jsonb);
DROP FUNCTION platform.has_teams(text);
DROP FUNCTION platform.beginning_of_rows();
DROP FUNCTION platform.timescale_schema();
DROP TABLE platform.rollup_marks;
DROP TABLE platform.rollups;
DROP FUNCTION platform.weighted_median(double precision[], double precision[]);
DROP FUNCTION platform.percentile(double precision, integer[], bigint[]);
DROP FUNCTION platform.histogram_value(integer);
DROP FUNCTION platform.histogram_index(double precision);
