"""How far the taggers travel: other people's annotated texts, turned into records and measured. The data are not kept here."""
