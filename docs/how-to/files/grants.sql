-- What operators and workers need, and no more. Run it as the owner of the tables, after `campaign journal upgrade`:
--     psql -d campaigns -U campaign_owner -f grants.sql

GRANT USAGE ON SCHEMA campaign TO campaign_operator, campaign_worker;

-- Operators plan, deliver, forget, and watch.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA campaign TO campaign_operator;
REVOKE INSERT, UPDATE, DELETE ON campaign.version FROM campaign_operator;  -- the lease, and what is stated of standbys
ALTER DEFAULT PRIVILEGES IN SCHEMA campaign GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO campaign_operator;

-- Workers deliver what was planned: they can neither add a row to a run nor change one.
GRANT SELECT ON ALL TABLES IN SCHEMA campaign TO campaign_worker;
GRANT INSERT, UPDATE ON campaign.attempt, campaign.tally TO campaign_worker;
GRANT UPDATE ON campaign.run, campaign.status, campaign.shard, campaign.session TO campaign_worker;
GRANT INSERT, UPDATE, DELETE ON campaign.worker, campaign.budget, campaign.out_of_reach TO campaign_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA campaign GRANT SELECT ON TABLES TO campaign_worker;

-- The jobs of the runs, which Procrastinate keeps: in schema campaign, or where an older campaign made its tables.
DO $$
DECLARE place name;
BEGIN
    FOR place IN
        SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relname = 'procrastinate_jobs' AND pg_has_role(relowner, 'USAGE')
            AND nspname IN ('campaign', 'public', pg_get_userbyid(relowner))
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO campaign_operator, campaign_worker', place);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %1$I.procrastinate_jobs, %1$I.procrastinate_events, '
            '%1$I.procrastinate_workers, %1$I.procrastinate_periodic_defers TO campaign_operator, campaign_worker', place);
        EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO campaign_operator, campaign_worker', place);
    END LOOP;
END $$;
