-- Votes are sealed as row changes are (decision 8). The ledger's own triggers
-- refuse what the trail's refused; only erasing a whole team passes them.

DROP TRIGGER vote_audit_trail_is_append_only ON society.vote_audit_trail;
SELECT platform.create_ledger('society.vote_audit_trail', 'created_at', view_name => 'society.vote_audit_trail');
