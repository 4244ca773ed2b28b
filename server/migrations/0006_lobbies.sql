-- Whether newcomers wait in front of a room until somebody inside lets them in.
ALTER TABLE rooms ADD COLUMN lobby INTEGER NOT NULL DEFAULT 0 CHECK (lobby IN (0, 1));
