-- What a room is about, whether it lets newcomers in, and who keeps order in it: ids of members, one behind the other.
ALTER TABLE rooms ADD COLUMN topic TEXT;
ALTER TABLE rooms ADD COLUMN locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1));
ALTER TABLE rooms ADD COLUMN moderators BLOB NOT NULL DEFAULT x'' CHECK (length(moderators) % 16 = 0);
