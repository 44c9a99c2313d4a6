"""Signatures tell a search which packs need not be expanded; the workers make them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracing", "0007_texts_in_packs")]

    operations = [
        migrations.AddField("packrow", "signature", models.BinaryField(null=True)),
        migrations.RunSQL("ALTER TABLE tracing_pack ALTER signature SET STORAGE EXTERNAL", migrations.RunSQL.noop),
        migrations.AddIndex(
            "packrow",
            models.Index(fields=["id"], condition=models.Q(("signature__isnull", True)), name="pack_unsigned"),
        ),
    ]
