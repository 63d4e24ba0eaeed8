-- name: value
SELECT platform.cache_get(:key);

-- name: put
SELECT platform.cache_put(:key, :value, :ttl_s, :only_if_absent);

-- name: delete
SELECT platform.cache_delete(:key);

-- name: count
SELECT platform.cache_count(:key, :by, :ttl_s);

-- name: take
SELECT taken, ahead_ns, wait_ns FROM platform.take_cells(:key, :interval_ns, :room, :cost, :at_least, :hold_ns);

-- name: tidy
SELECT platform.forget_cache();
