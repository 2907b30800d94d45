"""What each SOP class is that is no plain picture (PS3.4 B.5)."""

from __future__ import annotations

from viewer.core.study import Kind

_STORAGE = "1.2.840.10008.5.1.4.1.1."

PARAMETRIC_MAP = _STORAGE + "30"
KEY_OBJECT_SELECTION = _STORAGE + "88.59"

#: SOP class (below 1.2.840.10008.5.1.4.1.1.) -> (kind, what a reader calls it).
_OBJECTS: dict[str, tuple[Kind, str]] = {
    "30": (Kind.VOLUME, "parametric map"),
    "66.4": (Kind.SEGMENTATION, "segmentation"),
    "66.7": (Kind.SEGMENTATION, "label map segmentation"),
    "481.3": (Kind.STRUCTURES, "radiotherapy structure set"),
    "88.1": (Kind.REPORT, "text report (trial)"),
    "88.2": (Kind.REPORT, "audio report (trial)"),
    "88.3": (Kind.REPORT, "detail report (trial)"),
    "88.4": (Kind.REPORT, "comprehensive report (trial)"),
    "88.11": (Kind.REPORT, "basic text report"),
    "88.22": (Kind.REPORT, "enhanced structured report"),
    "88.33": (Kind.REPORT, "comprehensive structured report"),
    "88.34": (Kind.REPORT, "comprehensive 3D structured report"),
    "88.35": (Kind.REPORT, "extensible structured report"),
    "88.40": (Kind.REPORT, "procedure log"),
    "88.50": (Kind.REPORT, "mammography CAD report"),
    "88.59": (Kind.REPORT, "key object selection"),
    "88.65": (Kind.REPORT, "chest CAD report"),
    "88.67": (Kind.REPORT, "X-ray radiation dose report"),
    "88.68": (Kind.REPORT, "radiopharmaceutical dose report"),
    "88.69": (Kind.REPORT, "colon CAD report"),
    "88.70": (Kind.REPORT, "implantation plan report"),
    "88.71": (Kind.REPORT, "acquisition context report"),
    "88.72": (Kind.REPORT, "simplified adult echo report"),
    "88.73": (Kind.REPORT, "patient radiation dose report"),
    "88.74": (Kind.REPORT, "planned contrast administration report"),
    "88.75": (Kind.REPORT, "performed contrast administration report"),
    "88.76": (Kind.REPORT, "enhanced X-ray radiation dose report"),
    "88.77": (Kind.REPORT, "waveform annotation report"),
    "9.1": (Kind.WAVEFORM, "waveform (trial)"),
    "9.1.1": (Kind.WAVEFORM, "12-lead ECG"),
    "9.1.2": (Kind.WAVEFORM, "general ECG"),
    "9.1.3": (Kind.WAVEFORM, "ambulatory ECG"),
    "9.1.4": (Kind.WAVEFORM, "general 32-bit ECG"),
    "9.2.1": (Kind.WAVEFORM, "haemodynamic waveform"),
    "9.3.1": (Kind.WAVEFORM, "cardiac electrophysiology waveform"),
    "9.4.1": (Kind.WAVEFORM, "voice recording"),
    "9.4.2": (Kind.WAVEFORM, "sound recording"),
    "9.5.1": (Kind.WAVEFORM, "arterial pulse waveform"),
    "9.6.1": (Kind.WAVEFORM, "respiratory waveform"),
    "9.6.2": (Kind.WAVEFORM, "multi-channel respiratory waveform"),
    "9.7.1": (Kind.WAVEFORM, "routine EEG"),
    "9.7.2": (Kind.WAVEFORM, "electromyogram"),
    "9.7.3": (Kind.WAVEFORM, "electrooculogram"),
    "9.7.4": (Kind.WAVEFORM, "sleep EEG"),
    "9.8.1": (Kind.WAVEFORM, "body position waveform"),
    "11.1": (Kind.PRESENTATION, "greyscale presentation state"),
    "11.2": (Kind.PRESENTATION, "colour presentation state"),
    "11.3": (Kind.PRESENTATION, "pseudo-colour presentation state"),
    "11.4": (Kind.PRESENTATION, "blending presentation state"),
    "11.5": (Kind.PRESENTATION, "XA/XRF presentation state"),
    "11.6": (Kind.PRESENTATION, "planar MPR presentation state"),
    "11.7": (Kind.PRESENTATION, "compositing MPR presentation state"),
    "11.8": (Kind.PRESENTATION, "advanced blending presentation state"),
    "11.9": (Kind.PRESENTATION, "volume rendering presentation state"),
    "11.10": (Kind.PRESENTATION, "segmented volume rendering presentation state"),
    "11.11": (Kind.PRESENTATION, "multiple volume rendering presentation state"),
    "11.12": (Kind.PRESENTATION, "variable modality LUT presentation state"),
    "104.1": (Kind.DOCUMENT, "PDF document"),
    "104.2": (Kind.DOCUMENT, "clinical document (CDA)"),
    "104.3": (Kind.DOCUMENT, "3-D model (STL)"),
    "104.4": (Kind.DOCUMENT, "3-D model (OBJ)"),
    "104.5": (Kind.DOCUMENT, "3-D model material (MTL)"),
    "4.2": (Kind.OTHER, "MR spectroscopy"),
    "9": (Kind.OTHER, "standalone curve"),
    "8": (Kind.OTHER, "standalone overlay"),
    "10": (Kind.OTHER, "standalone modality LUT"),
    "11": (Kind.OTHER, "standalone VOI LUT"),
    "129": (Kind.OTHER, "standalone PET curve"),
    "66": (Kind.OTHER, "raw data"),
    "66.1": (Kind.OTHER, "spatial registration"),
    "66.2": (Kind.OTHER, "spatial fiducials"),
    "66.3": (Kind.OTHER, "deformable registration"),
    "66.5": (Kind.OTHER, "surface segmentation"),
    "66.6": (Kind.OTHER, "tractography"),
    "67": (Kind.OTHER, "real world value mapping"),
    "68.1": (Kind.OTHER, "surface scan mesh"),
    "68.2": (Kind.OTHER, "surface scan point cloud"),
    "77.1.5.3": (Kind.OTHER, "stereometric relationship"),
    "78.1": (Kind.OTHER, "lensometry measurements"),
    "78.2": (Kind.OTHER, "autorefraction measurements"),
    "78.3": (Kind.OTHER, "keratometry measurements"),
    "78.4": (Kind.OTHER, "subjective refraction measurements"),
    "78.5": (Kind.OTHER, "visual acuity measurements"),
    "78.6": (Kind.OTHER, "spectacle prescription"),
    "78.7": (Kind.OTHER, "ophthalmic axial measurements"),
    "78.8": (Kind.OTHER, "intraocular lens calculations"),
    "79.1": (Kind.OTHER, "macular grid report"),
    "80.1": (Kind.OTHER, "visual field measurements"),
    "90.1": (Kind.OTHER, "content assessment"),
    "91.1": (Kind.OTHER, "microscopy annotations"),
    "131": (Kind.OTHER, "structured display"),
    "200.1": (Kind.OTHER, "CT protocol"),
    "200.2": (Kind.OTHER, "performed CT protocol"),
    "200.3": (Kind.OTHER, "protocol approval"),
    "200.7": (Kind.OTHER, "XA protocol"),
    "200.8": (Kind.OTHER, "performed XA protocol"),
    "201.1": (Kind.OTHER, "inventory"),
    "481.4": (Kind.OTHER, "RT beams treatment record"),
    "481.5": (Kind.OTHER, "RT plan"),
    "481.6": (Kind.OTHER, "RT brachy treatment record"),
    "481.7": (Kind.OTHER, "RT treatment summary"),
    "481.8": (Kind.OTHER, "RT ion plan"),
    "481.9": (Kind.OTHER, "RT ion beams treatment record"),
    "481.10": (Kind.OTHER, "RT physician intent"),
    "481.11": (Kind.OTHER, "RT segment annotation"),
    "481.12": (Kind.OTHER, "RT radiation set"),
    "481.13": (Kind.OTHER, "C-arm radiation"),
    "481.14": (Kind.OTHER, "tomotherapeutic radiation"),
    "481.15": (Kind.OTHER, "robotic-arm radiation"),
    "481.16": (Kind.OTHER, "RT radiation record set"),
    "481.17": (Kind.OTHER, "RT radiation salvage record"),
    "481.18": (Kind.OTHER, "tomotherapeutic radiation record"),
    "481.19": (Kind.OTHER, "C-arm radiation record"),
    "481.20": (Kind.OTHER, "robotic radiation record"),
    "481.21": (Kind.OTHER, "RT delivery instruction"),
    "481.22": (Kind.OTHER, "RT treatment preparation"),
    "481.25": (Kind.OTHER, "RT patient position instruction"),
}

#: Full SOP class UID -> kind.
OBJECT_KINDS: dict[str, Kind] = {_STORAGE + suffix: kind for suffix, (kind, _) in _OBJECTS.items()}
_NAMES: dict[str, str] = {_STORAGE + suffix: name for suffix, (_, name) in _OBJECTS.items()}


def kind_of(sop_class_uid: str) -> Kind | None:
    """The kind of an object's SOP class; None for pictures and unknown classes.

    A parametric map counts as `Kind.VOLUME`: it is a picture, read by `parametric`.
    `Kind.OTHER` is a known object that holds nothing this program can show.
    """
    return OBJECT_KINDS.get(sop_class_uid)


def name_of(sop_class_uid: str) -> str:
    """What a reader calls such an object ("RT plan"); empty when unknown."""
    return _NAMES.get(sop_class_uid, "")
