"""What several papers share: the sizes of their data sets, and what they do to a photo."""

from eyespot.images.augmentations.catalogue import Augmentation
from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.colour_jitter import ColourJitter
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.recipe import ImageRule

IMAGENET_PHOTOS = 1_281_167  # of the training part of ILSVRC 2012
CIFAR_PHOTOS = 50_000

MNIST_PHOTOS = 60_000

IMAGENET = ImageRule(resize=256, crop=224)
IMAGENET_299 = ImageRule(resize=342, crop=299)  # 87.5 % of the side, as 224 are of 256
CIFAR = ImageRule(resize=32, crop=32)

# He et al. 2016, Sect. 4.2: 4 black pixels on each side, a random 32 x 32 of it, flipped or not.
CIFAR_CROPS: tuple[Augmentation, ...] = (ShortSide(32), RandomCrop(32, padding=4), Flip())

RECALLED = "Recalled, not looked up again in the paper."
BY_HAND = "The rate was lowered by hand where the error stood still; when it does is ours: after "


def passes(iterations: int, batch_size: int, photos: int = IMAGENET_PHOTOS) -> int:
    """Steps of a batch as epochs of a data set, which is how a recipe counts."""
    return round(iterations * batch_size / photos)


def square_crops(size: int) -> tuple[Augmentation, ...]:
    """Krizhevsky et al. 2012, Sect. 2 and 4.1: a place in the central 256 x 256, flipped or not."""
    return ShortSide(256), CentreCrop(256), RandomCrop(size), Flip()


def inception_crops(size: int) -> tuple[Augmentation, ...]:
    """Szegedy et al. 2015, Sect. 6: 8 to 100 % of the area, 3:4 to 4:3, and other colours.

    The amounts of colour are Howard's (arXiv:1312.5402, Sect. 2.2), to whom the paper refers.
    """
    crop = RandomResizedCrop(size, interpolation="random")
    return crop, Flip(), ColourJitter(0.5, 0.5, 0.5)


def slim_crops(size: int) -> tuple[Augmentation, ...]:
    """tensorflow/models, slim, inception_preprocessing.py: the crop, and colours with their hue.

    Its brightness is moved by up to 32 of 255 levels, here multiplied.
    """
    crop = RandomResizedCrop(size, interpolation="random")
    return crop, Flip(), ColourJitter(32 / 255, 0.5, 0.5, hue=0.2)


def torch_crops(size: int) -> tuple[Augmentation, ...]:
    """fb.resnet.torch, datasets/imagenet.lua: Inception's crop, jitter of 0.4, lighting, flip."""
    crop = RandomResizedCrop(size, interpolation="bicubic")
    return crop, ColourJitter(0.4, 0.4, 0.4), PCAColour(0.1), Flip()
