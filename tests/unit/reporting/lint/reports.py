"""Makes reports with known faults: clean ones in varied phrasing, and the same with one fault of a code."""

# ruff: noqa: E501 - one phrasing a line

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

Raw = dict[str, Any]


def finding(
    label: str, side: str = "", site: str = "", *measured: tuple[str, float, str], state: str = "accepted"
) -> Raw:
    return {
        "label": label,
        "side": side,
        "site": site,
        "state": state,
        "measurements": [{"name": n, "value": v, "unit": u} for n, v, u in measured],
    }


OTHER = {"left": "right", "right": "left", "Left": "Right", "Right": "Left", "左": "右", "右": "左"}


def size_words(rng: random.Random, long_mm: float, short_mm: float | None, language: str) -> str:
    """A size as somebody might write it."""
    if language == "zh":
        if short_mm is None:
            return rng.choice(
                [
                    f"{long_mm:g}mm",
                    f"约{long_mm:g} mm",
                    f"约{long_mm / 10:.1f}cm",
                    f"{long_mm / 10:.1f}厘米",
                    f"{long_mm:g}毫米左右",
                ]
            )
        return rng.choice(
            [
                f"{long_mm:g}mm×{short_mm:g}mm",
                f"约{long_mm / 10:.1f}×{short_mm / 10:.1f}cm",
                f"{long_mm:g}×{short_mm:g} mm",
            ]
        )
    if short_mm is None:
        return rng.choice(
            [
                f"{long_mm:g} mm",
                f"{long_mm:g}mm",
                f"{long_mm / 10:.1f} cm",
                f"approximately {long_mm:g} mm",
                f"{long_mm:g} millimetres",
                f"{long_mm:g}-mm",
            ]
        )
    return rng.choice(
        [
            f"{long_mm:g} x {short_mm:g} mm",
            f"{long_mm:g} mm x {short_mm:g} mm",
            f"{long_mm / 10:.1f} by {short_mm / 10:.1f} cm",
            f"{long_mm / 10:.1f} × {short_mm / 10:.1f} cm",
            f"up to {long_mm:g} mm",
        ]
    )


def date_words(rng: random.Random, day: date, language: str) -> str:
    if language == "zh":
        return rng.choice(
            [f"{day.year}年{day.month}月{day.day}日", day.isoformat(), f"{day:%Y/%m/%d}", f"{day:%Y.%m.%d}"]
        )
    return rng.choice(
        [
            f"{day.day} {day:%B} {day.year}",
            f"{day:%B} {day.day}, {day.year}",
            f"{day.day:02d}-{day:%b}-{day.year}",
            day.isoformat(),
            f"{day:%m/%d/%Y}",
            f"{day:%d.%m.%Y}",
            f"{day:%d/%m/%Y}",
            f"{day:%b} {day.day}, {day.year}",
        ]
    )


LOBES = {
    "right": ["right upper lobe", "right middle lobe", "right lower lobe"],
    "left": ["left upper lobe", "left lower lobe"],
}
ABBREVIATED = {
    "right upper lobe": "RUL", "right middle lobe": "RML", "right lower lobe": "RLL",
    "left upper lobe": "LUL", "left lower lobe": "LLL",
}  # fmt: skip
ZH_LOBES = {"right": ["右肺上叶", "右肺中叶", "右肺下叶"], "left": ["左肺上叶", "左肺下叶"]}


class Maker:
    """Makes one clean report and what is needed to break it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.exam_date = date(2026, 3, 10) - timedelta(days=self.rng.randrange(600))
        self.prior_date = self.exam_date - timedelta(days=self.rng.randrange(20, 900))

    def one(self, *given: str) -> str:
        return self.rng.choice(given)

    def case(self, kind: str) -> Raw:
        """A clean case."""
        return getattr(self, kind)()

    def wrap(
        self,
        language: str,
        exam: tuple[str, str, str, Any],
        findings: list[Raw],
        sections: Raw,
        *,
        prior: bool,
        prior_modality: str = "",
        sex: str = "",
    ) -> Raw:
        for n, each in enumerate(findings):
            each["id"] = f"f{n + 1}"
        modality, body, technique, contrast = exam
        report = dict.fromkeys(
            ("indication", "comparison", "technique", "findings", "impression", "recommendation"), ""
        )
        return {
            "id": "",
            "language": language,
            "context": {
                "patient": {"sex": sex or self.one("M", "F"), "age_years": self.rng.randrange(36, 88)},
                "exam": {
                    "modality": modality,
                    "body_part": body,
                    "date": self.exam_date.isoformat(),
                    "technique": technique,
                    "contrast": contrast,
                },
                "prior": {"date": self.prior_date.isoformat(), "modality": prior_modality or modality}
                if prior
                else None,
                "findings": findings,
            },
            "report": report | sections,
        }

    def compared(self, prior: bool, language: str, modality: str) -> str:
        if language == "zh":
            if not prior:
                return self.one("无。", "无既往检查。", "", "无前片对照。")
            told = date_words(self.rng, self.prior_date, "zh")
            return self.one(f"{told}{modality}。", f"与{told}{modality}对比。", f"对照{told}片。")
        if not prior:
            return self.one(
                "None.",
                "None available.",
                "No prior studies available for comparison.",
                "",
                "No relevant prior imaging.",
                "Nil",
            )
        told = date_words(self.rng, self.prior_date, "en")
        return self.one(
            f"{modality} dated {told}.",
            f"Comparison is made with {modality} of {told}.",
            f"{told}.",
            f"Prior {modality}, {told}.",
            f"{modality} from {told}",
        )

    # ---- chest film

    def film(self) -> Raw:
        side = self.one("left", "right")
        other = OTHER[side]
        prior = self.rng.random() < 0.5
        kind = self.one("effusion", "pneumothorax", "pneumonia", "fracture", "nodule")
        marks, lines, conclusion = [], [], ""
        if kind == "effusion":
            marks = [
                finding("Pleural effusion", side, self.one("", f"{side} pleural space", f"{side} costophrenic angle"))
            ]
            size = self.one("Small", "Moderate", "Trace", "Layering")
            lines = [
                self.one(
                    f"{size} {side} pleural effusion.",
                    f"There is a {size.lower()} {side}-sided pleural effusion.",
                    f"{side.capitalize()} costophrenic angle is blunted in keeping with a {size.lower()} effusion.",
                )
            ]
            conclusion = self.one(
                f"{size} {side} pleural effusion.", f"{side.capitalize()} effusion.", f"{size} effusion on the {side}."
            )
        elif kind == "pneumothorax":
            marks = [finding("Pneumothorax", side, self.one("", f"{side} apex"))]
            lines = [
                self.one(
                    f"Small {side} apical pneumothorax.",
                    f"A {side} pneumothorax is seen at the apex.",
                    f"There is a {side}-sided PTX.",
                )
            ]
            conclusion = self.one(
                f"{side.capitalize()} pneumothorax.", f"Small {side} apical pneumothorax without tension."
            )
        elif kind == "pneumonia":
            lobe = self.rng.choice(LOBES[side])
            marks = [finding(self.one("Pneumonia", "Consolidation"), side, lobe)]
            lines = [
                self.one(
                    f"Focal consolidation in the {lobe}.",
                    f"Airspace opacity within the {lobe}, consistent with pneumonia.",
                    f"{ABBREVIATED[lobe]} consolidation with air bronchograms.",
                )
            ]
            conclusion = self.one(
                f"{lobe.capitalize()} pneumonia.",
                f"{ABBREVIATED[lobe]} consolidation, likely pneumonia.",
                f"Pneumonia in the {lobe}.",
            )
        elif kind == "fracture":
            rib = self.rng.choice(["fifth", "6th", "seventh", "8th"])
            marks = [finding("Rib fracture", side, f"{side} {rib} rib")]
            lines = [
                self.one(
                    f"Nondisplaced fracture of the {side} {rib} rib.", f"Acute fracture of the {rib} rib on the {side}."
                )
            ]
            conclusion = self.one(f"{side.capitalize()} rib fracture.", f"Fracture of the {side} {rib} rib.")
        else:
            lobe = self.rng.choice(LOBES[side])
            mm = self.rng.randrange(6, 28)
            marks = [finding("Pulmonary nodule", side, lobe, ("Diameter", mm, "mm"))]
            told = size_words(self.rng, mm, None, "en")
            lines = [
                self.one(
                    f"{told} nodule in the {lobe}." if "approx" not in told else f"Nodule of {told} in the {lobe}.",
                    f"Nodular opacity projecting over the {lobe}, measuring {told}.",
                )
            ]
            conclusion = self.one(
                f"{lobe.capitalize()} nodule.",
                f"Solitary {side} pulmonary nodule, {size_words(self.rng, mm, None, 'en')}.",
            )
        if self.rng.random() < 0.4:
            marks.append(finding("Cardiomegaly"))
            lines.append(self.one("The heart is mildly enlarged.", "Cardiomegaly.", "Cardiac silhouette is enlarged."))
        else:
            lines.append(
                self.one(
                    "Heart size is normal.",
                    "The cardiomediastinal silhouette is within normal limits.",
                    "Heart size and mediastinal contours are normal.",
                )
            )
        if kind != "pneumothorax":
            marks.append(finding("Pneumothorax", other, "", state="rejected"))
            lines.append(
                self.one(
                    "No pneumothorax.",
                    "There is no evidence of pneumothorax.",
                    f"No pneumothorax is seen on the {other}.",
                )
            )
        if kind not in ("effusion",):
            lines.append(
                self.one(
                    "No pleural effusion.", "There is no large pleural effusion.", "Costophrenic angles are sharp."
                )
            )
        lines.append(
            self.one(
                "Degenerative changes of the thoracic spine.",
                "No acute osseous abnormality." if kind != "fracture" else "Old healed clavicle fracture.",
                "Surgical clips in the right upper quadrant.",
                f"The {other} lung is clear.",
            )
        )
        if prior:
            lines[0] = lines[0].rstrip(".") + self.one(
                ", unchanged.", ", increased since the prior study.", ", decreased in the interval.", "."
            )
        technique, said = self.rng.choice(
            [
                ("PA and lateral", "PA and lateral views of the chest."),
                ("AP portable", "Single portable AP view of the chest."),
                ("PA and lateral", "Two views of the chest, frontal and lateral."),
            ]
        )
        sections = {
            "indication": self.one(
                "Cough and fever.",
                "Shortness of breath.",
                "Chest pain, ?pneumonia.",
                "Fall yesterday.",
                "Preoperative. Stable angina.",
            ),
            "comparison": self.compared(prior, "en", "chest radiograph"),
            "technique": said,
            "findings": " ".join(lines),
            "impression": self.one(conclusion, f"1. {conclusion} 2. No other acute abnormality.", conclusion),
            "recommendation": self.one(
                "", "Follow-up radiograph in 6 weeks to document resolution.", "Clinical correlation."
            ),
        }
        return self.wrap("en", ("DX", "CHEST", technique, None), marks, sections, prior=prior)

    # ---- chest CT

    def chest(self) -> Raw:
        side = self.one("left", "right")
        lobe = self.rng.choice(LOBES[side])
        long_mm = self.rng.randrange(60, 280) / 10
        short_mm = round(long_mm * 0.75, 1)
        prior = self.rng.random() < 0.6
        contrast = self.rng.random() < 0.4
        marks = [finding("Lung nodule", side, lobe, ("Long axis", long_mm, "mm"), ("Short axis", short_mm, "mm"))]
        told = size_words(self.rng, long_mm, short_mm, "en")
        was = f" (previously {long_mm - 2:g} mm)" if prior and self.rng.random() < 0.5 else ""
        place = self.one(lobe, ABBREVIATED[lobe])
        lines = [
            self.one(
                f"There is a solid nodule in the {lobe} measuring {told}{was}.",
                f"{place}: part-solid nodule, {told}{was}.",
                f"In the {lobe}, a spiculated nodule measures {told}{was}.",
            ),
            self.one("Mild centrilobular emphysema.", "No other pulmonary nodule.", "Airways are patent."),
            self.one(
                "No pleural or pericardial effusion.",
                "There is no lymphadenopathy.",
                "No enlarged mediastinal or hilar lymph nodes.",
            ),
            self.one(
                "Upper abdominal organs are unremarkable.",
                "Simple cyst in the right kidney.",
                "Mild degenerative change in the spine.",
            ),
        ]
        if "emphysema" in lines[1]:
            marks.append(finding("Emphysema", "both", ""))
        marks.append(finding("Pleural effusion", side, "", state="rejected"))
        short = size_words(self.rng, long_mm, None, "en")
        technique = "CT chest, 1.25 mm, " + ("portal venous phase" if contrast else "non-contrast")
        said = (
            self.one(
                "CT of the chest following intravenous contrast.",
                "Contrast-enhanced CT thorax.",
                "Helical CT of the chest with IV contrast.",
            )
            if contrast
            else self.one(
                "CT of the chest without intravenous contrast.",
                "Unenhanced low-dose chest CT.",
                "Non-contrast CT thorax, 1.25 mm slices.",
            )
        )
        sections = {
            "indication": self.one(
                "Incidental nodule on radiograph.", "Haemoptysis.", "Weight loss. Mother had breast cancer."
            ),
            "comparison": self.compared(prior, "en", self.one("CT chest", "CT thorax", "CT")),
            "technique": said,
            "findings": " ".join(lines),
            "impression": self.one(
                f"{lobe.capitalize()} nodule, {short}.",
                f"1. {long_mm:g} mm nodule in the {place}. 2. No lymphadenopathy.",
                f"Suspicious {side} lung nodule.",
            ),
            "recommendation": self.one("PET-CT is suggested.", "CT in 3 months to assess for change.", ""),
        }
        return self.wrap("en", ("CT", "CHEST", technique, contrast), marks, sections, prior=prior)

    # ---- brain MR

    def brain(self) -> Raw:
        side = self.one("left", "right")
        place = self.one("frontal", "parietal", "temporal", "occipital")
        kind = self.one("meningioma", "infarct", "glioma")
        prior = self.rng.random() < 0.4
        contrast = kind != "infarct"
        mm = self.rng.randrange(11, 52)
        other = OTHER[side]
        if kind == "meningioma":
            marks = [finding("Meningioma", side, f"{side} {place} convexity", ("Diameter", mm, "mm"))]
            lines = [
                self.one(
                    f"Extra-axial homogeneously enhancing mass along the {side} {place} convexity, {size_words(self.rng, mm, None, 'en')}, in keeping with meningioma.",
                    f"A {side} {place} meningioma measures {size_words(self.rng, mm, None, 'en')}.",
                )
            ]
            conclusion = self.one(
                f"{side.capitalize()} {place} meningioma.",
                f"Meningioma of the {side} {place} convexity, {mm / 10:.1f} cm.",
            )
        elif kind == "glioma":
            marks = [finding("Glioma", side, f"{place} lobe", ("Long axis", mm, "mm"), ("Short axis", mm - 6, "mm"))]
            lines = [
                self.one(
                    f"Infiltrative T2 hyperintense mass in the {side} {place} lobe, {size_words(self.rng, mm, mm - 6, 'en')}, with rim enhancement, suspicious for high-grade glioma."
                )
            ]
            conclusion = self.one(
                f"{side.capitalize()} {place} lobe glioma.", f"High-grade glioma in the {side} {place} lobe."
            )
        else:
            marks = [finding("Acute infarct", side, f"{side} {place} lobe")]
            lines = [
                self.one(
                    f"Restricted diffusion in the {side} {place} cortex consistent with acute infarct.",
                    f"Acute infarction of the {side} {place} lobe.",
                )
            ]
            conclusion = self.one(f"Acute {side} {place} infarct.", f"Acute ischaemic stroke, {side} {place} lobe.")
        marks.append(finding("Haemorrhage", other, "", state="rejected"))
        lines += [
            self.one("No intracranial haemorrhage.", "There is no evidence of hemorrhage."),
            self.one("Ventricles are normal in size.", "No hydrocephalus.", "Ventricular system is normal."),
            self.one("Paranasal sinuses are clear.", "Flow voids are preserved.", "No midline shift."),
        ]
        if prior and self.rng.random() < 0.6 and kind != "infarct":
            lines[0] = lines[0].rstrip(".") + self.one(", stable.", ", unchanged compared with the prior MRI.")
        said = (
            self.one(
                "Multiplanar multisequence MRI of the brain before and after gadolinium.",
                "MR brain with and without IV gadolinium.",
            )
            if contrast
            else self.one("MRI of the brain without contrast.", "Multiplanar MRI brain including DWI.")
        )
        sections = {
            "indication": self.one(f"{other.capitalize()}-sided weakness.", "Headache.", "First seizure."),
            "comparison": self.compared(prior, "en", "MRI brain"),
            "technique": said,
            "findings": " ".join(lines),
            "impression": conclusion,
            "recommendation": self.one("", "Neurosurgical referral.", "CT angiography is recommended.")
            if kind != "infarct"
            else "",
        }
        return self.wrap(
            "en",
            (
                "MR",
                "BRAIN",
                "T1, T2, FLAIR, DWI" + (", T1 post-contrast" if contrast else ""),
                "gadolinium" if contrast else "none",
            ),
            marks,
            sections,
            prior=prior,
        )

    # ---- spine

    def spine(self) -> Raw:
        level = self.one("L3-L4", "L4-L5", "L5-S1")
        short = (
            level.replace("-L", "-").replace("L5-S1", "L5/S1") if self.rng.random() < 0.5 else level.replace("-", "/")
        )
        other = self.rng.choice([one for one in ("L2-L3", "L3-L4", "L4-L5", "L5-S1") if one != level])
        prior = self.rng.random() < 0.3
        mm = self.rng.randrange(4, 9)
        marks = [finding("Disc herniation", "", level, ("Depth", mm, "mm"))]
        lines = [
            self.one(f"{other}: normal disc height, no herniation.", f"At {other} the disc is preserved."),
            self.one(
                f"At {short} there is a central disc herniation measuring {mm} mm with mild canal stenosis.",
                f"{level}: broad-based disc protrusion of {mm} mm.",
            ),
            self.one("Conus terminates at L1.", "Normal marrow signal.", "No fracture or spondylolisthesis."),
        ]
        sections = {
            "indication": self.one("Low back pain.", "Sciatica, left leg.", "Radiculopathy."),
            "comparison": self.compared(prior, "en", "MRI"),
            "technique": self.one(
                "Sagittal T1, T2 and axial T2 of the lumbar spine.", "MRI lumbar spine without contrast."
            ),
            "findings": " ".join(lines),
            "impression": self.one(
                f"Disc herniation at {level}.", f"{short} disc herniation.", f"Central {level} disc protrusion."
            ),
            "recommendation": "",
        }
        return self.wrap("en", ("MR", "LSPINE", "sagittal T1, T2, axial T2", False), marks, sections, prior=prior)

    # ---- abdomen

    def abdomen(self) -> Raw:
        side = self.one("left", "right")
        kind = self.one("cyst", "stone", "hydronephrosis", "liver")
        sex = self.one("M", "F")
        us = self.rng.random() < 0.5
        mm = self.rng.randrange(6, 48)
        prior = self.rng.random() < 0.3
        if kind == "cyst":
            marks = [finding("Renal cyst", side, "upper pole", ("Diameter", mm, "mm"))]
            lines = [
                self.one(
                    f"Simple cyst in the upper pole of the {side} kidney, {size_words(self.rng, mm, None, 'en')}.",
                    f"The {side} kidney contains an upper pole cyst of {size_words(self.rng, mm, None, 'en')}.",
                )
            ]
            conclusion = f"Simple {side} renal cyst."
        elif kind == "stone":
            mm = self.rng.randrange(3, 14)
            marks = [finding("Renal calculus", side, "lower pole", ("Diameter", mm, "mm"))]
            lines = [
                self.one(
                    f"{mm} mm calculus in the lower pole of the {side} kidney.",
                    f"Nonobstructing {side} lower pole stone measuring {mm} mm.",
                )
            ]
            conclusion = self.one(
                f"{side.capitalize()} nephrolithiasis.", f"Nonobstructing {mm} mm {side} renal stone."
            )
        elif kind == "hydronephrosis":
            marks = [finding("Hydronephrosis", side, f"{side} kidney")]
            lines = [self.one(f"Moderate {side} hydronephrosis.", f"Dilatation of the {side} renal collecting system.")]
            conclusion = f"Moderate {side} hydronephrosis."
        else:
            segment = self.one("2", "4", "6", "7", "8")
            marks = [finding("Liver lesion", "", f"segment {segment}", ("Diameter", mm, "mm"))]
            lines = [
                self.one(
                    f"Lesion in segment {segment} of the liver, {size_words(self.rng, mm, None, 'en')}.",
                    f"A hepatic segment {segment} lesion measures {size_words(self.rng, mm, None, 'en')}.",
                )
            ]
            conclusion = self.one(f"Indeterminate liver lesion in segment {segment}.", "Indeterminate hepatic lesion.")
        lines += [
            self.one("Spleen is normal.", "Pancreas is unremarkable.", "The spleen measures 11 cm."),
            self.one("Common bile duct measures 4 mm.", "No gallstones.", "Gallbladder is unremarkable."),
            self.one("Prostate is not enlarged.", "Seminal vesicles are normal.")
            if sex == "M"
            else self.one("Uterus and ovaries are unremarkable.", "The endometrium measures 5 mm."),
            self.one("No free fluid.", "No ascites."),
        ]
        contrast = not us and self.rng.random() < 0.6
        said = (
            self.one("Abdominal ultrasound.", "Real-time sonography of the abdomen and pelvis.")
            if us
            else (
                self.one(
                    "CT of the abdomen and pelvis with intravenous contrast in the portal venous phase.",
                    "Contrast-enhanced CT abdomen/pelvis.",
                )
                if contrast
                else self.one("Unenhanced CT of the abdomen and pelvis.", "CT KUB without contrast.")
            )
        )
        sections = {
            "indication": self.one("Flank pain.", "Abdominal pain, no surgery.", "Abnormal liver function tests."),
            "comparison": self.compared(prior, "en", "ultrasound" if us else "CT"),
            "technique": said,
            "findings": " ".join(lines),
            "impression": conclusion,
            "recommendation": self.one("", "MRI of the liver with contrast." if kind == "liver" else ""),
        }
        return self.wrap(
            "en",
            (
                "US" if us else "CT",
                "ABDOMEN",
                "B-mode and Doppler" if us else ("portal venous" if contrast else "unenhanced"),
                contrast,
            ),
            marks,
            sections,
            prior=prior,
            sex=sex,
        )

    # ---- bones

    def bone(self) -> Raw:
        side = self.one("left", "right")
        part, bone = self.rng.choice(
            [
                ("wrist", "distal radius"),
                ("ankle", "lateral malleolus"),
                ("hip", "femoral neck"),
                ("hand", "fifth metacarpal"),
                ("shoulder", "proximal humerus"),
            ]
        )
        marks = [finding("Fracture", side, f"{side} {bone}")]
        lines = [
            self.one(
                f"Displaced fracture of the {side} {bone}.",
                f"There is an acute {side} {bone} fracture.",
                f"Fracture through the {bone} on the {side}.",
            ),
            self.one("No dislocation.", "Joint alignment is preserved."),
            self.one("Mild soft tissue swelling.", "No radiopaque foreign body.", "No other fracture."),
        ]
        marks.append(finding("Dislocation", side, part, state="rejected"))
        sections = {
            "indication": self.one("Fall.", f"Trauma to the {side} {part}.", "Pain after sport."),
            "comparison": self.compared(False, "en", "radiograph"),
            "technique": self.one(
                f"AP and lateral radiographs of the {side} {part}.", f"Two views of the {side} {part}."
            ),
            "findings": " ".join(lines),
            "impression": self.one(f"{side.capitalize()} {bone} fracture.", f"Fracture of the {side} {bone}."),
            "recommendation": self.one("", "Orthopaedic review."),
        }
        return self.wrap(
            "en", ("DX", f"{side.upper()} {part.upper()}", "AP and lateral", None), marks, sections, prior=False
        )

    # ---- Chinese

    def zh_film(self) -> Raw:
        side, zh = self.rng.choice([("left", "左"), ("right", "右")])
        other = OTHER[zh]
        prior = self.rng.random() < 0.4
        kind = self.one("effusion", "pneumothorax", "pneumonia", "fracture")
        if kind == "effusion":
            marks = [finding("胸腔积液", side, f"{zh}侧胸腔")]
            lines = [self.one(f"{zh}侧胸腔少量积液。", f"{zh}侧肋膈角变钝，考虑少量胸腔积液。")]
            conclusion = self.one(f"{zh}侧胸腔积液。", f"{zh}侧少量胸腔积液。")
        elif kind == "pneumothorax":
            marks = [finding("气胸", side, f"{zh}侧")]
            lines = [self.one(f"{zh}侧可见气胸带，肺组织压缩约20%。", f"{zh}侧气胸。")]
            conclusion = f"{zh}侧气胸。"
        elif kind == "pneumonia":
            marks = [finding("肺炎", side, f"{zh}肺下叶")]
            lines = [self.one(f"{zh}肺下叶见斑片状密度增高影，考虑肺炎。", f"{zh}下肺野见片状模糊影，提示炎症。")]
            conclusion = self.one(f"{zh}下肺炎症。", f"{zh}肺下叶肺炎。")
        else:
            marks = [finding("肋骨骨折", side, f"{zh}侧第6肋")]
            lines = [self.one(f"{zh}侧第6肋骨骨折。", f"{zh}第6肋骨皮质不连续，考虑骨折。")]
            conclusion = self.one(f"{zh}侧第6肋骨骨折。", f"{zh}侧肋骨骨折。")
        lines += [
            self.one("心影大小形态正常。", "心影不大。", "纵隔居中。"),
            self.one("其他未见异常。", f"{other}侧肋膈角锐利。", f"{other}肺清晰。"),
        ]
        if kind != "pneumothorax":
            marks.append(finding("气胸", "right" if side == "left" else "left", "", state="rejected"))
            lines.append(self.one("未见气胸。", "未见明显气胸征象。"))
        if prior:
            lines[0] = lines[0].rstrip("。") + self.one("，较前增多。", "，较前变化不明显。", "，较前吸收。")
        sections = {
            "indication": self.one("咳嗽、发热。", "胸痛待查。", "外伤。"),
            "comparison": self.compared(prior, "zh", "胸片"),
            "technique": self.one("胸部正侧位片。", "胸部后前位及侧位X线摄片。"),
            "findings": "".join(lines),
            "impression": self.one(conclusion, f"1、{conclusion}2、请结合临床。"),
            "recommendation": self.one("", "建议随访复查。", "必要时CT检查。"),
        }
        return self.wrap("zh", ("DX", "胸部", "后前位+侧位", None), marks, sections, prior=prior)

    def zh_chest(self) -> Raw:
        side = self.one("left", "right")
        lobe = self.rng.choice(ZH_LOBES[side])
        mm = self.rng.randrange(6, 28)
        small = mm - 2
        prior = self.rng.random() < 0.6
        contrast = self.rng.random() < 0.4
        marks = [finding("肺结节", side, lobe, ("长径", mm, "mm"), ("短径", small, "mm"))]
        lines = [
            self.one(
                f"{lobe}见一实性结节，大小{size_words(self.rng, mm, small, 'zh')}。",
                f"{lobe}可见结节影，直径{size_words(self.rng, mm, None, 'zh')}，边缘毛刺。",
            ),
            self.one("余肺未见结节。", "气管及支气管通畅。", "两肺未见实变。"),
            self.one("双侧胸腔未见积液。", "纵隔淋巴结未见肿大。", "心包未见积液。"),
        ]
        marks.append(finding("胸腔积液", side, "", state="rejected"))
        if prior:
            lines[0] = lines[0].rstrip("。") + self.one(
                f"，较前（{small - 1}mm）增大。", "，较前变化不大。", "，较前相仿。"
            )
        sections = {
            "indication": self.one("体检发现肺结节。", "咯血。", "咳嗽1月余。"),
            "comparison": self.compared(prior, "zh", "胸部CT"),
            "technique": self.one("胸部CT平扫+增强扫描。", "胸部CT增强扫描。")
            if contrast
            else self.one("胸部CT平扫。", "胸部低剂量CT平扫，层厚1mm。"),
            "findings": "".join(lines),
            "impression": self.one(f"{lobe}结节。", f"{lobe}结节（{mm}mm），建议随访。"),
            "recommendation": self.one("建议3个月后复查CT。", "", "建议PET-CT检查。"),
        }
        return self.wrap(
            "zh", ("CT", "胸部", "增强" if contrast else "平扫，1mm", contrast), marks, sections, prior=prior
        )

    def zh_spine(self) -> Raw:
        level = self.one("L3/4", "L4/5", "L5/S1")
        other = self.rng.choice([one for one in ("L2/3", "L3/4", "L4/5") if one != level])
        mm = self.rng.randrange(4, 9)
        marks = [finding("椎间盘突出", "", level, ("突出", mm, "mm"))]
        said = (
            level.replace("L", "腰", 1).replace("/S", "骶") if self.rng.random() < 0.3 and "S" not in level else level
        )
        lines = [
            self.one("腰椎生理曲度变直。", "腰椎序列规整。"),
            self.one(f"{other}椎间盘未见突出。", f"{other}椎间盘未见异常。"),
            self.one(f"{said}椎间盘向后突出约{mm}mm，硬膜囊受压。", f"{said}椎间盘突出，突出物约{mm} mm。"),
            self.one("椎体骨质未见异常。", "T2信号减低。"),
        ]
        sections = {
            "indication": self.one("腰痛。", "左下肢麻木。"),
            "comparison": self.compared(False, "zh", "MRI"),
            "technique": self.one("腰椎MRI平扫。", "腰椎矢状位T1WI、T2WI，轴位T2WI。"),
            "findings": "".join(lines),
            "impression": self.one(f"{level}椎间盘突出。", f"{said}椎间盘突出，请结合临床。"),
            "recommendation": "",
        }
        return self.wrap("zh", ("MR", "腰椎", "矢状位T1、T2", False), marks, sections, prior=False)

    def zh_abdomen(self) -> Raw:
        side, zh = self.rng.choice([("left", "左"), ("right", "右")])
        sex = self.one("M", "F")
        mm = self.rng.randrange(8, 50)
        kind = self.one("cyst", "stone", "liver")
        if kind == "cyst":
            marks = [finding("肾囊肿", side, f"{zh}肾上极", ("直径", mm, "mm"))]
            lines = [f"{zh}肾上极见囊肿，大小{size_words(self.rng, mm, None, 'zh')}。"]
            conclusion = f"{zh}肾囊肿。"
        elif kind == "stone":
            mm = self.rng.randrange(3, 12)
            marks = [finding("肾结石", side, f"{zh}肾下极", ("直径", mm, "mm"))]
            lines = [f"{zh}肾下极见结石，直径{size_words(self.rng, mm, None, 'zh')}。"]
            conclusion = f"{zh}肾结石。"
        else:
            marks = [finding("肝囊肿", "", "肝S6段", ("直径", mm, "mm"))]
            lines = [f"肝S6段见囊肿，直径{size_words(self.rng, mm, None, 'zh')}。"]
            conclusion = self.one("肝囊肿。", "肝S6段囊肿。")
        lines += [
            self.one("脾脏大小正常。", "胰腺未见异常。"),
            self.one("前列腺不大。", "精囊腺未见异常。")
            if sex == "M"
            else self.one("子宫大小正常。", "双侧附件区未见异常。"),
            self.one("腹腔未见积液。", "未见肿大淋巴结。"),
        ]
        sections = {
            "indication": self.one("腹痛。", "体检。", "腰痛待查。"),
            "comparison": "无。",
            "technique": self.one("腹部彩色多普勒超声。", "腹部及盆腔超声检查。"),
            "findings": "".join(lines),
            "impression": conclusion,
            "recommendation": self.one("", "建议定期复查。"),
        }
        return self.wrap("zh", ("US", "腹部", "B超", None), marks, sections, prior=False, sex=sex)


KINDS = ("film", "chest", "brain", "spine", "abdomen", "bone", "zh_film", "zh_chest", "zh_spine", "zh_abdomen")


# ---- faults: each changes a clean case or says that it cannot


def swap_side(case: Raw, rng: random.Random) -> bool:
    facts = [f for f in case["context"]["findings"] if f["state"] == "accepted" and f["side"] in ("left", "right")]
    if not facts:
        return False
    side = facts[0]["side"]
    report = case["report"]
    sections = [s for s in ("findings", "impression") if _has_side(report[s], side, case["language"])]
    if not sections:
        return False
    section = rng.choice(sections)
    first, *rest = _cut(report[section], case["language"])
    if not _has_side(first, side, case["language"]):
        return False
    report[section] = _turned(first, side, case["language"]) + "".join(rest)
    return True


def _cut(text: str, language: str) -> list[str]:
    import re

    return re.findall(r".*?。|.+$" if language == "zh" else r"(?:(?<=\d)\.(?=\d)|[^.])*\.\s*|.+$", text)


SHORT = {"RUL": "LUL", "RLL": "LLL", "LUL": "RUL", "LLL": "RLL"}


def _has_side(text: str, side: str, language: str) -> bool:
    if language == "zh":
        return {"left": "左", "right": "右"}[side] in text.replace("左右", "")
    return side in text.lower() or any(short in text for short in SHORT if short[0] == side[0].upper())


def _turned(text: str, side: str, language: str) -> str:
    if language == "zh":
        mine = {"left": "左", "right": "右"}[side]
        return text.replace("左右", "##").replace(mine, OTHER[mine], 1).replace("##", "左右")
    for short, other in SHORT.items():
        if short in text and short[0] == side[0].upper():
            return text.replace(short, other, 1)
    other = OTHER[side]
    return text.replace(side, other, 1) if side in text else text.replace(side.capitalize(), other.capitalize(), 1)


def move_level(case: Raw, rng: random.Random) -> bool:
    pairs = [
        ("L3-L4", "L1-L2"), ("L4-L5", "L2-L3"), ("L5-S1", "L3-L4"), ("L3/L4", "L1/L2"), ("L4/L5", "L2/L3"), ("L5/S1", "L3/L4"),
        ("L4-5", "L2-3"), ("L3-4", "L1-2"), ("upper lobe", "lower lobe"), ("lower lobe", "upper lobe"), ("RUL", "RLL"), ("LLL", "LUL"),
        ("RLL", "RUL"), ("LUL", "LLL"), ("upper pole", "lower pole"), ("lower pole", "upper pole"), ("segment 7", "segment 3"), ("segment 6", "segment 2"),
        ("segment 4", "segment 8"), ("上叶", "下叶"), ("下叶", "上叶"), ("L4/5", "L2/3"), ("L3/4", "L1/2"), ("seventh", "fourth"), ("8th", "4th"),
        ("fifth metacarpal", "second metacarpal"), ("第6肋", "第9肋"), ("上极", "下极"), ("S6段", "S2段"), ("下极", "上极"),
    ]  # fmt: skip
    rng.shuffle(pairs)
    report = case["report"]
    for section in rng.sample(["findings", "impression"], 2):
        parts = _cut(report[section], case["language"])
        for n, part in enumerate(parts):
            for old, new in pairs:
                if old in part and "no herniation" not in part and "preserved" not in part and "未见" not in part:
                    parts[n] = part.replace(old, new, 1)
                    report[section] = "".join(parts)
                    return True
    return False


def wrong_unit(case: Raw, rng: random.Random) -> bool:
    report = case["report"]
    for section in rng.sample(["findings", "impression"], 2):
        parts = _cut(report[section], case["language"])
        for n, part in enumerate(
            parts[:2] if case["context"]["exam"]["body_part"] not in ("LSPINE", "腰椎") else parts
        ):
            part_of = part.split("(prev")[0].split("（")[0]
            if not any(f["measurements"] for f in case["context"]["findings"]):
                return False
            for old, new in (
                (" mm", " cm"),
                ("mm", "cm"),
                (" cm", " mm"),
                ("毫米", "厘米"),
                ("厘米", "毫米"),
                ("cm", "mm"),
                ("millimetres", "centimetres"),
            ):
                if old in part_of:
                    parts[n] = part_of.replace(old, new) + part[len(part_of) :]
                    report[section] = "".join(parts)
                    return True
    return False


def wrong_size(case: Raw, rng: random.Random) -> bool:
    import re

    report = case["report"]
    if not any(f["measurements"] for f in case["context"]["findings"]):
        return False
    for section in rng.sample(["findings", "impression"], 2):
        parts = _cut(report[section], case["language"])
        for n, part in enumerate(
            parts[:1] if case["context"]["exam"]["body_part"] not in ("LSPINE", "腰椎") else parts
        ):
            match = re.search(r"(?<![LST/\d.-])(\d+(?:\.\d+)?)(?=[ -]?(?:mm|cm|毫米|厘米|millim)|\s?(?:x|×|by) )", part)
            if match:
                number = float(match.group(1))
                wrong = number * rng.choice([1.6, 2.3, 0.5, 3])
                told = f"{wrong:.1f}" if "." in match.group(1) else f"{round(wrong) + 1}"
                parts[n] = part[: match.start()] + told + part[match.end() :]
                report[section] = "".join(parts)
                return True
    return False


def wrong_prior_date(case: Raw, rng: random.Random) -> bool:
    prior = case["context"]["prior"]
    if prior is None:
        return False
    true = date.fromisoformat(prior["date"])
    shifted = true + timedelta(days=rng.choice([-400, -37, 31, 61, -11]))
    prior["date"] = shifted.isoformat()
    return True


def no_prior(case: Raw, rng: random.Random) -> bool:
    report, language = case["report"], case["language"]
    case["context"]["prior"] = None
    report["comparison"] = (
        rng.choice(["无。", ""]) if language == "zh" else rng.choice(["None.", "No prior studies.", ""])
    )
    import re

    for section in ("findings", "impression"):
        if re.search("unchanged|increased since|interval|stable|较前|previously", report[section]):
            return True
    parts = _cut(report["findings"], language)
    added = (
        rng.choice(["，较前增大。", "，较前无明显变化。", "，与前片相比未见明显变化。"])
        if language == "zh"
        else rng.choice(
            [
                ", unchanged from the prior study. ",
                ", stable since the previous examination. ",
                ", larger than on the prior. ",
                ", which has increased in size. ",
                ", not significantly changed. ",
                ", similar to prior. ",
            ]
        )
    )
    parts[0] = parts[0].rstrip("。. ") + added
    report["findings"] = "".join(parts)
    return True


def not_mentioned(case: Raw, rng: random.Random) -> bool:
    facts = case["context"]["findings"]
    new = {
        "CHEST": [
            "Cardiomegaly",
            "Rib fracture",
            "Pleural thickening",
            "Hiatal hernia",
            "Pulmonary oedema",
            "Scoliosis",
        ],
        "BRAIN": ["Aneurysm", "Pituitary adenoma", "Arachnoid cyst", "Subdural haematoma"],
        "LSPINE": ["Compression fracture", "Hemangioma", "Tarlov cyst"],
        "ABDOMEN": ["Appendicitis", "Splenomegaly", "Aortic aneurysm", "Inguinal hernia"],
        "胸部": ["心影增大", "主动脉硬化", "肺气肿", "支气管扩张"],
        "腰椎": ["椎体压缩骨折", "脊柱侧弯", "血管瘤"],
        "腹部": ["脂肪肝", "胆囊结石", "脾大"],
    }.get(case["context"]["exam"]["body_part"], ["Osteoarthritis", "Joint effusion"])
    text = (case["report"]["findings"] + case["report"]["impression"]).lower()
    label = rng.choice(new)
    if any(word in text for word in label.lower().split() if len(word) > 4) or "enlarged" in text and "Cardio" in label:
        return False
    facts.append(
        finding(label, rng.choice(["left", "right"]) if "肺" not in label and "Rib" in label else "") | {"id": "f9"}
    )
    return True


def rejected_told(case: Raw, rng: random.Random) -> bool:
    rejected = [f for f in case["context"]["findings"] if f["state"] == "rejected"]
    if not rejected:
        return False
    label, side = rejected[0]["label"], rejected[0]["side"]
    report = case["report"]
    if any(f["label"] == label and f["state"] == "accepted" for f in case["context"]["findings"]):
        return False
    if case["language"] == "zh":
        said = f"{'左' if side == 'left' else '右'}侧{label}。"
    else:
        said = rng.choice(
            [
                f" Small {side} {label.lower()}.",
                f" There is a {side} {label.lower()}.",
                f" {side.capitalize()}-sided {label.lower()} is present.",
            ]
        )
    section = rng.choice(["findings", "impression"])
    report[section] = report[section].rstrip() + said
    return True


def contradicted(case: Raw, rng: random.Random) -> bool:
    report, language = case["report"], case["language"]
    label = case["context"]["findings"][0]["label"].lower()
    if language == "zh":
        said = rng.choice([f"未见{label}。", f"未见明显{label}征象。"])
    else:
        said = rng.choice([f" No {label}.", f" There is no evidence of {label}.", f" No {label} is identified."])
    section = rng.choice(["findings", "impression"])
    report[section] = report[section].rstrip() + said
    return True


def other_sex(case: Raw, rng: random.Random) -> bool:
    sex = case["context"]["patient"]["sex"]
    report = case["report"]
    if case["language"] == "zh":
        said = (
            rng.choice(["前列腺增大。", "睾丸未见异常。", "精囊腺对称。"])
            if sex == "F"
            else rng.choice(["子宫前位。", "卵巢未见异常。", "双侧附件区未见肿块。"])
        )
        report["findings"] += said
    elif rng.random() < 0.4:
        report["indication"] = (
            rng.choice(["72-year-old man. ", "Male patient. ", "He reports pain. "])
            if sex == "F"
            else rng.choice(["45 year old woman. ", "Female. ", "She is unwell. ", "Postmenopausal. "])
        ) + report["indication"]
    else:
        said = (
            rng.choice([" The prostate is enlarged.", " Seminal vesicles are symmetric.", " Small hydrocele."])
            if sex == "F"
            else rng.choice([" The uterus is retroverted.", " Ovaries are normal.", " Status post hysterectomy."])
        )
        report["findings"] += said
    return True


def other_technique(case: Raw, rng: random.Random) -> bool:
    exam, report = case["context"]["exam"], case["report"]
    modality, zh = exam["modality"], case["language"] == "zh"
    table = {
        "DX": (["胸部CT平扫。", "MRI平扫。"], ["CT of the chest.", "MRI was performed.", "Ultrasound examination."]),
        "CT": (
            ["胸部MRI平扫。", "胸部正侧位片。"],
            ["MRI with multiplanar sequences.", "PA and lateral chest radiographs."],
        ),
        "MR": (["CT平扫。"], ["Axial CT images were acquired.", "Ultrasound of the region."]),
        "US": (["腹部CT平扫。"], ["CT abdomen.", "MRI of the abdomen."]),
    }
    if modality in ("CT", "MR") and rng.random() < 0.5 and isinstance(exam["contrast"], bool):
        given = exam["contrast"]
        if zh:
            report["technique"] = "胸部CT平扫。" if given else "CT增强扫描。" if modality == "CT" else "MRI增强扫描。"
        else:
            report["technique"] = (
                f"{modality} without contrast." if given else f"{modality} after intravenous contrast administration."
            )
        return True
    report["technique"] = rng.choice(table[modality][0 if zh else 1])
    return True


def placeholder(case: Raw, rng: random.Random) -> bool:
    report = case["report"]
    marks = (
        ["【请填写】", "___", "XX mm", "（待补充）", "[侧别]", "{size}"]
        if case["language"] == "zh"
        else [
            " [side]",
            " ___ mm",
            " {{finding}}",
            " XXX",
            " TODO",
            " <insert measurement>",
            " [ ]",
            " ***",
            " ??? cm",
            " [Left/Right]",
            " XX-year-old",
        ]
    )
    section = rng.choice(["findings", "impression", "recommendation", "technique"])
    report[section] = report[section].rstrip() + rng.choice(marks)
    return True


def impossible(case: Raw, rng: random.Random) -> bool:
    report = case["report"]
    if case["language"] == "zh":
        said = rng.choice(
            [
                "病灶直径约3500mm。",
                "左室射血分数为135%。",
                "心胸比为1.6。",
                "T15椎体骨折。",
                "狭窄率约140%。",
                "2026年2月30日手术。",
                "心率900次/分。",
            ]
        )
    else:
        said = rng.choice(
            [
                " Nodule measuring 4000 mm.",
                " Ejection fraction is 140%.",
                " Cardiothoracic ratio 1.7.",
                " Fracture of T13.",
                " Stenosis of 130 %.",
                " Surgery on 30 February 2025.",
                " Mean attenuation 12000 HU.",
                " Patient aged 214 years.",
                " L7 vertebral body fracture.",
                " BI-RADS 9.",
                " Mass of 0 mm.",
                " Nodule of -8 mm.",
            ]
        )
    report["findings"] = report["findings"].rstrip() + said
    return True


FAULTS: dict[str, Callable[[Raw, random.Random], bool]] = {
    "side_mismatch": swap_side,
    "level_mismatch": move_level,
    "unit_error": wrong_unit,
    "size_mismatch": wrong_size,
    "prior_date_wrong": wrong_prior_date,
    "change_without_prior": no_prior,
    "accepted_not_mentioned": not_mentioned,
    "rejected_mentioned": rejected_told,
    "contradiction": contradicted,
    "sex_mismatch": other_sex,
    "technique_mismatch": other_technique,
    "placeholder_left": placeholder,
    "impossible_value": impossible,
}


def made(count: int, seed: int = 0) -> Iterator[Raw]:
    """Pairs: `count` clean reports, and as many with one fault each, every code about as often; `codes` says which."""
    used = dict.fromkeys(FAULTS, 0)
    for number in range(count):
        maker = Maker(seed + number)
        clean = maker.case(KINDS[number % len(KINDS)])
        clean |= {"id": f"clean-{seed + number}", "codes": []}
        yield clean
        for code in sorted(FAULTS, key=lambda one: used[one]):
            broken = copy.deepcopy(clean)
            if FAULTS[code](broken, maker.rng) and broken != clean:
                used[code] += 1
                yield broken | {"id": f"{code}-{seed + number}", "codes": [code]}
                break
