"""What the database itself does for bodies: no vote by who may not, no outcome without its votes, no rewriting."""

from django.db import migrations

REFUSE = r"""
CREATE FUNCTION bodies_refuse() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% keeps its rows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
"""

VOTES = r"""
-- Holds the item and refuses a ballot that the rules do not allow, whoever writes it.
CREATE FUNCTION bodies_check_ballot() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    asked bodies_item%ROWTYPE;
    sitting bodies_session%ROWTYPE;
    chair bodies_seat%ROWTYPE;
    day date;
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.item_id, OLD.seat_id) IS DISTINCT FROM (NEW.item_id, NEW.seat_id) THEN
        RAISE EXCEPTION 'a ballot stays where it was cast' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT * INTO STRICT asked FROM bodies_item WHERE id = NEW.item_id FOR NO KEY UPDATE;
    SELECT * INTO STRICT sitting FROM bodies_session WHERE id = asked.session_id;
    SELECT * INTO STRICT chair FROM bodies_seat WHERE id = NEW.seat_id;
    day := (NEW.cast_at AT TIME ZONE coalesce((SELECT time_zone FROM accounts_organisation), 'UTC'))::date;
    IF asked.state <> 'open' OR sitting.state <> 'running' OR NOT asked.takes_votes THEN
        RAISE EXCEPTION 'item % takes no votes now', asked.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF sitting.mode = 'writing' AND NEW.cast_at > sitting.ends_at THEN
        RAISE EXCEPTION 'the deadline for votes has passed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF chair.body_id <> sitting.body_id OR NOT chair.votes
       OR chair.started_on > day OR (chair.ended_on IS NOT NULL AND chair.ended_on < day) THEN
        RAISE EXCEPTION 'this seat has no vote in the session' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.voter_id <> chair.person_id AND NEW.voter_id IS DISTINCT FROM chair.deputy_id THEN
        RAISE EXCEPTION 'this person does not hold the seat' USING ERRCODE = 'restrict_violation';
    END IF;
    IF asked.proposed_by_id IN (chair.person_id, NEW.voter_id) THEN
        RAISE EXCEPTION 'whoever proposed an item has no vote on it' USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (
        SELECT FROM bodies_conflict WHERE item_id = asked.id AND person_id IN (chair.person_id, NEW.voter_id)
    ) THEN
        RAISE EXCEPTION 'a conflict of interest excludes this vote' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (
        SELECT FROM bodies_attendance
        WHERE session_id = sitting.id AND seat_id = chair.id AND attended_by_id = NEW.voter_id
    ) THEN
        RAISE EXCEPTION 'this person does not attend on the seat' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER bodies_check BEFORE INSERT OR UPDATE ON bodies_ballot
    FOR EACH ROW EXECUTE FUNCTION bodies_check_ballot();

-- A ballot is taken back only while its item is open.
CREATE FUNCTION bodies_check_taken_back() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM bodies_item WHERE id = OLD.item_id AND state = 'open' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the votes on a closed item stay' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER bodies_check_delete BEFORE DELETE ON bodies_ballot
    FOR EACH ROW EXECUTE FUNCTION bodies_check_taken_back();

-- Nobody steps aside after the item is closed, nor beside a ballot that stands.
CREATE FUNCTION bodies_check_conflict() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM bodies_item WHERE id = NEW.item_id AND state <> 'closed' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the item is closed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF EXISTS (
        SELECT FROM bodies_ballot b JOIN bodies_seat s ON s.id = b.seat_id
        WHERE b.item_id = NEW.item_id AND NEW.person_id IN (b.voter_id, s.person_id)
    ) THEN
        RAISE EXCEPTION 'the ballot of this seat has to be taken back first' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER bodies_check BEFORE INSERT ON bodies_conflict
    FOR EACH ROW EXECUTE FUNCTION bodies_check_conflict();
"""

OUTCOMES = r"""
-- Whether the votes carry a choice: the quorum of voices, none with more, a tie by the chair, two thirds if asked.
CREATE FUNCTION bodies_carries(item_key bigint, chosen text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    WITH tally AS (
        SELECT b.choice, count(*) AS voices FROM bodies_ballot b
        WHERE b.item_id = item_key AND b.counts GROUP BY b.choice
    ), mine AS (
        SELECT coalesce((SELECT voices FROM tally WHERE choice = chosen), 0) AS voices,
               coalesce((SELECT max(voices) FROM tally WHERE choice <> chosen), 0) AS rival,
               coalesce((SELECT sum(voices) FROM tally), 0) AS total
    )
    SELECT mine.voices > 0 AND mine.total >= s.quorum AND mine.voices >= mine.rival
       AND (s.majority <> 'two_thirds' OR mine.voices * 3 >= mine.total * 2)
       AND (mine.voices > mine.rival OR s.tie = 'chair' AND EXISTS (
            SELECT FROM bodies_ballot b JOIN bodies_seat t ON t.id = b.seat_id
            WHERE b.item_id = item_key AND t.function = 'chair' AND b.counts AND b.choice = chosen
       ))
    FROM mine, bodies_item i JOIN bodies_session s ON s.id = i.session_id
    WHERE i.id = item_key
$$;

CREATE FUNCTION bodies_check_item() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    sitting bodies_session%ROWTYPE;
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT * INTO STRICT sitting FROM bodies_session WHERE id = OLD.session_id FOR NO KEY UPDATE;
        IF sitting.state NOT IN ('draft', 'called') THEN
            RAISE EXCEPTION 'the agenda is frozen' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    SELECT * INTO STRICT sitting FROM bodies_session WHERE id = NEW.session_id FOR NO KEY UPDATE;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'planned' OR sitting.state NOT IN ('draft', 'called') THEN
            RAISE EXCEPTION 'the agenda is frozen' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state = 'closed' THEN
        RAISE EXCEPTION 'item % is closed', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF sitting.state NOT IN ('draft', 'called') AND
       (OLD.session_id, OLD.number, OLD.topic, OLD.title, OLD.why, OLD.subject_type_id, OLD.subject_id, OLD.system_id,
        OLD.case_id, OLD.takes_votes, OLD.minutes, OLD.proposed_by_id) IS DISTINCT FROM
       (NEW.session_id, NEW.number, NEW.topic, NEW.title, NEW.why, NEW.subject_type_id, NEW.subject_id, NEW.system_id,
        NEW.case_id, NEW.takes_votes, NEW.minutes, NEW.proposed_by_id) THEN
        RAISE EXCEPTION 'the agenda is frozen' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state <> 'planned' AND sitting.state <> 'running' THEN
        RAISE EXCEPTION 'items are opened and closed in session' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = 'open' AND NEW.state = 'planned' THEN
        RAISE EXCEPTION 'an opened item is closed, not planned again' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'closed' AND NEW.takes_votes AND NEW.outcome <> 'postponed' THEN
        IF NEW.case_id IS NOT NULL THEN
            IF NOT EXISTS (
                SELECT FROM cases_case WHERE id = NEW.case_id AND state = 'decided' AND outcome = NEW.outcome
            ) THEN
                RAISE EXCEPTION 'the case of item % is not decided so', OLD.number USING ERRCODE = 'restrict_violation';
            END IF;
        ELSIF OLD.state <> 'open' OR NOT coalesce(bodies_carries(NEW.id, NEW.choice), false) THEN
            RAISE EXCEPTION 'the votes on item % do not decide it so', OLD.number USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER bodies_check BEFORE INSERT OR UPDATE OR DELETE ON bodies_item
    FOR EACH ROW EXECUTE FUNCTION bodies_check_item();
"""

SESSIONS = r"""
-- A session goes one way, begins with a frozen pack, and ends with its quorum and an outcome for every item.
CREATE FUNCTION bodies_check_session() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    steps constant text[] := ARRAY['draft', 'called', 'frozen', 'running', 'closed'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a session begins as a draft' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('closed', 'cancelled') THEN
        RAISE EXCEPTION 'the session is over' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.body_id <> NEW.body_id OR OLD.period IS DISTINCT FROM NEW.period
       OR OLD.state IN ('frozen', 'running') AND
          (OLD.quorum, OLD.majority, OLD.tie, OLD.mode) IS DISTINCT FROM (NEW.quorum, NEW.majority, NEW.tie, NEW.mode)
    THEN
        RAISE EXCEPTION 'a session keeps its rules' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'cancelled' THEN
        IF OLD.state = 'running' THEN
            RAISE EXCEPTION 'a running session is closed, not cancelled' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state
       AND array_position(steps, NEW.state::text) IS DISTINCT FROM array_position(steps, OLD.state::text) + 1 THEN
        RAISE EXCEPTION 'a session does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state IN ('frozen', 'running') AND NOT EXISTS (SELECT FROM bodies_pack WHERE session_id = NEW.id) THEN
        RAISE EXCEPTION 'a session begins with its pack' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'closed' AND OLD.state <> 'closed' THEN
        IF EXISTS (SELECT FROM bodies_item WHERE session_id = NEW.id AND state <> 'closed') THEN
            RAISE EXCEPTION 'every item needs an outcome' USING ERRCODE = 'restrict_violation';
        END IF;
        IF (
            SELECT count(*) FROM bodies_attendance a JOIN bodies_seat s ON s.id = a.seat_id
            WHERE a.session_id = NEW.id AND a.attended_by_id IS NOT NULL AND s.votes
        ) < NEW.quorum THEN
            RAISE EXCEPTION 'the session has no quorum' USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER bodies_check BEFORE INSERT OR UPDATE ON bodies_session
    FOR EACH ROW EXECUTE FUNCTION bodies_check_session();

-- Minutes keep their words; a later session of the same body approves them, once.
CREATE FUNCTION bodies_check_minutes() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF OLD.approved_in_id IS NOT NULL
       OR (OLD.session_id, OLD.number, OLD.text, OLD.digest, OLD.written_by_id, OLD.written_at, OLD.reason)
          IS DISTINCT FROM
          (NEW.session_id, NEW.number, NEW.text, NEW.digest, NEW.written_by_id, NEW.written_at, NEW.reason) THEN
        RAISE EXCEPTION 'minutes are not edited; a correction is a new version' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT EXISTS (
        SELECT FROM bodies_item i
        JOIN bodies_session later ON later.id = i.session_id
        JOIN bodies_session mine ON mine.id = NEW.session_id
        WHERE i.id = NEW.approved_in_id AND i.outcome = 'approved'
          AND later.body_id = mine.body_id AND later.id <> mine.id
    ) THEN
        RAISE EXCEPTION 'another session of the body approves minutes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER bodies_check BEFORE UPDATE ON bodies_minutes
    FOR EACH ROW EXECUTE FUNCTION bodies_check_minutes();

-- A seat keeps who sits on it and as what; its term may end, its deputy may change.
CREATE FUNCTION bodies_check_seat() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (OLD.body_id, OLD.person_id, OLD.function, OLD.votes, OLD.started_on)
       IS DISTINCT FROM (NEW.body_id, NEW.person_id, NEW.function, NEW.votes, NEW.started_on) THEN
        RAISE EXCEPTION 'a seat keeps its person and function' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER bodies_check BEFORE UPDATE ON bodies_seat
    FOR EACH ROW EXECUTE FUNCTION bodies_check_seat();

-- The conditions of a closed item stay; before, only their follow-up is added.
CREATE FUNCTION bodies_check_condition() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (to_jsonb(OLD) - 'follow_up_id') <> (to_jsonb(NEW) - 'follow_up_id') OR OLD.follow_up_id IS NOT NULL THEN
        RAISE EXCEPTION 'a condition keeps its words' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER bodies_check BEFORE UPDATE ON bodies_itemcondition
    FOR EACH ROW EXECUTE FUNCTION bodies_check_condition();
"""

WRITTEN_ONCE = ("conflict", "note", "pack")
NEVER_DELETED = (*WRITTEN_ONCE, "body", "seat", "session", "attendance", "itemcondition", "minutes")

KEEP = "\n".join(
    f"""
CREATE TRIGGER bodies_keep_words BEFORE UPDATE ON bodies_{table}
    FOR EACH ROW EXECUTE FUNCTION bodies_refuse();
"""
    for table in WRITTEN_ONCE
) + "\n".join(
    f"""
CREATE TRIGGER bodies_keep_rows BEFORE DELETE ON bodies_{table}
    FOR EACH ROW EXECUTE FUNCTION bodies_refuse();
CREATE TRIGGER bodies_keep_table BEFORE TRUNCATE ON bodies_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION bodies_refuse();
"""
    for table in NEVER_DELETED
)


class Migration(migrations.Migration):
    dependencies = [("bodies", "0001_initial"), ("cases", "0004_owner"), ("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(VOTES, migrations.RunSQL.noop),
        migrations.RunSQL(OUTCOMES, migrations.RunSQL.noop),
        migrations.RunSQL(SESSIONS, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
    ]
