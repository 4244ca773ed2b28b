
-- What a login was begun on, as a browser and a system ("Firefox on Linux"): words of closed lists, without versions.
-- NULL where that was not told, as for guests and for logins that are older than this column.
ALTER TABLE logins ADD COLUMN device TEXT;
