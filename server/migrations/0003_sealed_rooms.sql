-- Whether a room takes only what clients have encrypted. A room that is older than this column takes text.
ALTER TABLE rooms ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0 CHECK (sealed IN (0, 1));
