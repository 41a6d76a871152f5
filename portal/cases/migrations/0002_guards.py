"""What the database itself does for cases: no vote by who may not, no decision without its votes, no rewriting."""

from django.db import migrations

REFUSE = r"""
CREATE FUNCTION cases_refuse() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% keeps its rows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
"""

VOTES = r"""
-- Holds the case and refuses a vote that the rules of the case do not allow, whoever writes it.
CREATE FUNCTION cases_check_vote() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    asked cases_case%ROWTYPE;
    seat cases_round%ROWTYPE;
    zone text := coalesce((SELECT time_zone FROM accounts_organisation), 'UTC');
BEGIN
    SELECT * INTO STRICT asked FROM cases_case WHERE id = NEW.case_id FOR NO KEY UPDATE;
    SELECT * INTO STRICT seat FROM cases_round WHERE id = NEW.round_id;
    IF asked.state <> 'open' OR seat.case_id <> asked.id OR seat.started_at IS NULL OR seat.ended_at IS NOT NULL THEN
        RAISE EXCEPTION '% takes no votes in this round', asked.ref USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.voter_id = asked.opened_by_id THEN
        RAISE EXCEPTION 'whoever opened % has no vote on it', asked.ref USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (SELECT FROM cases_conflictofinterest WHERE case_id = asked.id AND person_id = NEW.voter_id) THEN
        RAISE EXCEPTION 'a conflict of interest on % excludes this vote', asked.ref
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.cast_at AT TIME ZONE zone)::date > asked.due_on THEN
        RAISE EXCEPTION '% was due on %', asked.ref, asked.due_on USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (
        SELECT FROM accounts_membership m
        JOIN accounts_unit held ON held.id = m.unit_id
        JOIN accounts_unit place ON place.id = asked.unit_id AND starts_with(place.path, held.path)
        WHERE m.user_id = NEW.voter_id AND m.role = ANY (seat.roles)
          AND m.started_at <= NEW.cast_at AND (m.ended_at IS NULL OR m.ended_at > NEW.cast_at)
    ) THEN
        RAISE EXCEPTION 'this person holds no role that decides %', asked.ref USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER cases_check BEFORE INSERT ON cases_vote
    FOR EACH ROW EXECUTE FUNCTION cases_check_vote();

-- Whoever has voted cannot step aside afterwards.
CREATE FUNCTION cases_check_conflict() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM cases_case WHERE id = NEW.case_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM cases_vote WHERE case_id = NEW.case_id AND voter_id = NEW.person_id) THEN
        RAISE EXCEPTION 'this person has voted already' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER cases_check BEFORE INSERT ON cases_conflictofinterest
    FOR EACH ROW EXECUTE FUNCTION cases_check_conflict();
"""

DECISIONS = r"""
-- Voices for minus voices against in a round; null below its quorum. Abstentions do not count.
CREATE FUNCTION cases_balance(round_key bigint) RETURNS bigint
LANGUAGE sql STABLE
AS $$
    SELECT count(*) FILTER (WHERE v.stance = 'for') - count(*) FILTER (WHERE v.stance = 'against')
    FROM cases_round r JOIN cases_vote v ON v.round_id = r.id
    WHERE r.id = round_key AND v.stance <> 'abstain'
    GROUP BY r.quorum
    HAVING count(*) >= r.quorum
$$;

CREATE FUNCTION cases_check_round() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL
       OR (OLD.case_id, OLD.number, OLD.title, OLD.roles, OLD.quorum)
          IS DISTINCT FROM (NEW.case_id, NEW.number, NEW.title, NEW.roles, NEW.quorum)
       OR (OLD.started_at IS NOT NULL AND NEW.started_at IS DISTINCT FROM OLD.started_at) THEN
        RAISE EXCEPTION 'a round keeps its roles, its quorum and its end' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.ended_at IS NOT NULL AND coalesce(cases_balance(NEW.id), 0) = 0 THEN
        RAISE EXCEPTION 'the votes do not decide this round' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER cases_check BEFORE UPDATE ON cases_round
    FOR EACH ROW EXECUTE FUNCTION cases_check_round();

CREATE FUNCTION cases_check_new_round() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM cases_case WHERE id = NEW.case_id FOR NO KEY UPDATE;
    IF NEW.ended_at IS NOT NULL OR EXISTS (SELECT FROM cases_vote WHERE case_id = NEW.case_id) THEN
        RAISE EXCEPTION 'rounds are laid out before anybody votes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER cases_check_new BEFORE INSERT ON cases_round
    FOR EACH ROW EXECUTE FUNCTION cases_check_new_round();

-- A case is decided by its rounds, and stays as it was decided. Only the day it turned stale is noted later.
CREATE FUNCTION cases_check_case() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' THEN
            RAISE EXCEPTION 'a case begins open' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (to_jsonb(OLD) - 'stale_since') = (to_jsonb(NEW) - 'stale_since') THEN
        RETURN NEW;
    END IF;
    IF OLD.state <> 'open' THEN
        RAISE EXCEPTION '% is closed', OLD.ref USING ERRCODE = 'restrict_violation';
    END IF;
    IF (OLD.ref, OLD.kind, OLD.system_id, OLD.unit_id, OLD.subject_type_id, OLD.subject_id, OLD.snapshot, OLD.digest,
        OLD.opened_by_id, OLD.opened_at, OLD.private, OLD.for_day)
       IS DISTINCT FROM
       (NEW.ref, NEW.kind, NEW.system_id, NEW.unit_id, NEW.subject_type_id, NEW.subject_id, NEW.snapshot, NEW.digest,
        NEW.opened_by_id, NEW.opened_at, NEW.private, NEW.for_day) THEN
        RAISE EXCEPTION '% keeps what it is about', OLD.ref USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'decided' AND NEW.approved AND NOT coalesce((
        SELECT bool_and(ended_at IS NOT NULL AND cases_balance(id) > 0) FROM cases_round WHERE case_id = NEW.id
    ), false) THEN
        RAISE EXCEPTION 'the votes do not approve %', OLD.ref USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'decided' AND NOT NEW.approved AND NOT EXISTS (
        SELECT FROM cases_round WHERE case_id = NEW.id AND ended_at IS NOT NULL AND cases_balance(id) < 0
    ) THEN
        RAISE EXCEPTION 'the votes do not reject %', OLD.ref USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER cases_check BEFORE INSERT OR UPDATE ON cases_case
    FOR EACH ROW EXECUTE FUNCTION cases_check_case();

CREATE FUNCTION cases_check_condition() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (OLD.case_id, OLD.text, OLD.owner_id, OLD.due_on, OLD.proposed_by_id, OLD.proposed_at)
       IS DISTINCT FROM (NEW.case_id, NEW.text, NEW.owner_id, NEW.due_on, NEW.proposed_by_id, NEW.proposed_at)
       OR NOT (OLD.state = NEW.state AND OLD.state = 'binding'
               OR OLD.state = 'proposed' AND NEW.state IN ('binding', 'dropped')
               OR OLD.state = 'binding' AND NEW.state = 'met') THEN
        RAISE EXCEPTION 'a condition keeps its words and goes one way' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER cases_check BEFORE UPDATE ON cases_condition
    FOR EACH ROW EXECUTE FUNCTION cases_check_condition();
"""

WRITTEN_ONCE = ("vote", "conflictofinterest", "comment", "escalation", "waiverrequest")
NEVER_DELETED = (*WRITTEN_ONCE, "case", "round", "condition")

KEEP = "\n".join(
    f"""
CREATE TRIGGER cases_keep_words BEFORE UPDATE ON cases_{table}
    FOR EACH ROW EXECUTE FUNCTION cases_refuse();
"""
    for table in WRITTEN_ONCE
) + "\n".join(
    f"""
CREATE TRIGGER cases_keep_rows BEFORE DELETE ON cases_{table}
    FOR EACH ROW EXECUTE FUNCTION cases_refuse();
CREATE TRIGGER cases_keep_table BEFORE TRUNCATE ON cases_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION cases_refuse();
"""
    for table in NEVER_DELETED
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(VOTES, migrations.RunSQL.noop),
        migrations.RunSQL(DECISIONS, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
