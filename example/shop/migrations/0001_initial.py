import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Author",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
            ],
            options={
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="Wanted",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("author", models.CharField(max_length=100)),
                (
                    "most",
                    models.DecimalField(decimal_places=2, max_digits=6, verbose_name="most you would pay"),
                ),
                ("asked", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "wanted",
                "ordering": ("-pk",),
            },
        ),
        migrations.CreateModel(
            name="Book",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("slug", models.SlugField(max_length=120, unique=True)),
                (
                    "genre",
                    models.CharField(
                        choices=[
                            ("novel", "Novels"),
                            ("adventure", "Adventure"),
                            ("mystery", "Mystery"),
                            ("science", "Science"),
                            ("travel", "Travel"),
                            ("children", "Children"),
                        ],
                        max_length=10,
                    ),
                ),
                ("year", models.SmallIntegerField(verbose_name="first published")),
                (
                    "condition",
                    models.CharField(
                        choices=[("fine", "Fine"), ("good", "Good"), ("read", "Well read")],
                        max_length=4,
                    ),
                ),
                ("price", models.DecimalField(decimal_places=2, max_digits=6)),
                ("blurb", models.TextField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="books",
                        to="shop.author",
                    ),
                ),
            ],
            options={
                "ordering": ("title",),
            },
        ),
    ]
