SELECT platform.drop_ledger('vote_audit_trail');
CREATE TRIGGER vote_audit_trail_is_append_only BEFORE UPDATE OR DELETE ON society.vote_audit_trail
    FOR EACH ROW EXECUTE FUNCTION society.refuse('the trail of a vote is added to and never changed');
