-- Who may correct the kind of a series: its first sender, where that told no kind with the samples. Null: nobody.
ALTER TABLE "metric_series" ADD COLUMN "kind_sender" text;
