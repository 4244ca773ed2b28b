-- Seconds after which messages burn whose sender chose no timer; null: they stay.
ALTER TABLE rooms ADD COLUMN timer_s INTEGER;
