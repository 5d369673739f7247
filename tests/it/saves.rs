//! What Django runs for each row that is saved stands in the message of `write-in-loop`.

use std::collections::BTreeSet;

use crate::project::Project;

const MODELS: &str = r#"
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver


class Line(models.Model):
    position = models.IntegerField()
    note = models.TextField()

    def save(self, *args, **kwargs):
        self.position = Line.objects.count()
        if self.note:
            Note.objects.create(text=self.note)
        super().save(*args, **kwargs)


class Note(models.Model):
    text = models.TextField()


class Plain(models.Model):
    text = models.TextField()


@receiver(post_save, sender=Note)
def noted(sender, instance, created, **kwargs):
    Plain.objects.filter(text=instance.text).update(text="")
    if created:
        Plain.objects.create(text=instance.text)


@receiver(post_save, sender=Note)
def seldom(sender, instance, **kwargs):
    if kwargs.get("raw"):
        return
    Plain.objects.create(text=instance.text)
"#;

const WRITES: &str = r#"
from models import Line, Note, Plain


def lines(texts):
    for text in texts:
        Line.objects.create(note=text)


def notes(texts):
    for text in texts:
        Note.objects.create(text=text)


def again(notes: list[Note]):
    for note in notes:
        note.save()


def plain(texts):
    for text in texts:
        Plain.objects.create(text=text)
"#;

#[test]
fn what_runs_with_each_row_is_counted() {
    let project = Project::new([("models.py", MODELS), ("writes.py", WRITES)]);
    let found = project.check(&BTreeSet::from(["write-in-loop".to_owned()])).unwrap();
    let told: Vec<(u32, &str)> =
        found.iter().map(|finding| (finding.line, finding.message.rsplit(": ").next().unwrap())).collect();
    assert_eq!(
        told,
        [(7, "N × 2 round trips"), (12, "N × 3 round trips"), (17, "N × 2 round trips"), (22, "N round trips"),]
    );
}
