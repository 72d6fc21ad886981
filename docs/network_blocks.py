"""Which blocks of which networks the family pages draw, and what in them was new."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import nn

from eyespot.networks.inception_module import NaiveInception


@dataclass(frozen=True)
class Block:
    """A module of a network, or one that no network has, which `make` builds."""

    network: str
    module: str  # "" is the whole network
    title: str  # with its place in the paper
    new: tuple[str, ...] = ()  # modules in it, or words of boxes: what the paper brought
    leaves: Mapping[str, str] = field(default_factory=dict)  # class -> its words, if it is one box
    inputs: tuple[str, ...] = ()  # names, where there is more than one
    make: Callable[[], nn.Module] | None = None
    shape: tuple[int, ...] = ()  # of what it takes, if made


@dataclass(frozen=True)
class Family:
    """What a page cannot read from the catalogue."""

    title: str
    flagship: str  # whose stages are shown in full, and which stands for the family
    blocks: tuple[Block, ...]
    told: str = ""  # what it is, where an earlier family has the same paper


LENET = {
    "Subsampling": "subsampling 2x2 | coefficient and bias",
    "PartialConvolution": "5x5, {c} | sees some maps only",
    "RBF": "distance to {c} codes",
}
COLUMN = {"MeanSoftmax": "mean of softmaxes, {c}"}
ZEROS = {"ZeroPadding": "every {m.stride}nd pixel | zero channels"}
SIZE = "{m.separable_1.depthwise_conv2d.kernel_size[0]}"
CELL = {"Separable": f"sep {SIZE}x{SIZE}", "SamePool": "{m.kind} 3x3"}
XCEPTION = {"SeparableConv": "3x3, {c} | separable"}
STATES = ("last cell", "the cell before")
SE = "se_module"

# fmt: off
FAMILIES: dict[str, Family] = {
    "lenet": Family("LeNet", "lenet5", (
        Block("lenet5", "", "As published, Fig. 2", ("c3", "s2", "s4"), LENET),
        Block("lenet5_modern", "", "As it is taught"),
    )),
    "multi_column_dnn": Family("Multi-column DNN", "multi_column_dnn_mnist_committee", (
        Block("multi_column_dnn_mnist", "", "A column for digits", (), COLUMN),
        Block("multi_column_dnn_cifar10", "", "For small photos", (), COLUMN),
        Block("multi_column_dnn_gtsrb", "", "For traffic signs", (), COLUMN),
    )),
    "alexnet": Family("AlexNet", "alexnet", (
        Block("alexnet", "", "As published, Fig. 2", ("2 groups", "features.1", "features.4")),
        Block("alexnet_torchvision", "", "One tower, 2014"),
    )),
    "zfnet": Family("ZFNet", "zfnet", (
        Block("zfnet", "", "Fig. 3", ("features.0",)),
    )),
    "overfeat": Family("OverFeat", "overfeat_accurate", (
        Block("overfeat_fast", "", "Fast, Table 1"),
        Block("overfeat_accurate", "", "Accurate, Table 3"),
    )),
    "nin": Family("Network in Network", "nin_imagenet", (
        Block("nin_imagenet", "features.mlpconv1", "Mlpconv layer, Fig. 1b", ("cccp1", "cccp2")),
        Block("nin_cifar10", "", "On CIFAR-10, Fig. 2", ("global average",)),
        Block("nin_imagenet", "", "On ImageNet", ("global average",)),
    )),
    "vgg": Family("VGG", "vgg16", (
        Block("vgg11", "", "A, Table 1"),
        Block("vgg16", "", "D, Table 1"),
        Block("vgg19", "", "E, Table 1"),
    )),
    "googlenet": Family("GoogLeNet", "googlenet", (
        Block("NaiveInception", "in no network", "Naive version, Fig. 2a",
              make=lambda: NaiveInception(192, (64, 128, 32)), shape=(192, 28, 28)),
        Block("googlenet", "inception3a", "Inception module, Fig. 2b",
              ("branch2.0", "branch3.0", "branch4.1")),
    )),
    "bn_inception": Family("BN-Inception", "bn_inception", (
        Block("bn_inception", "inception3a", "Inception module, Fig. 5"),
        Block("bn_inception", "inception3c", "With stride 2"),
    )),
    "highway": Family("Highway networks", "highway_cifar_19", (
        Block("highway_cifar_19", "features.stage1.2", "Highway layer, Eq. 3",
              ("gate", "1 −", "×")),
    )),
    "prelu_net": Family("PReLU-net", "prelu_net_a", (
        Block("prelu_net_a", "", "Model A, Table 3", ("PReLU",)),
    )),
    "inception_v3": Family("Inception-v3", "inception_v3", (
        Block("inception_v3", "Mixed_5b", "Two 3x3 for a 5x5, Fig. 5",
              ("branch3x3dbl_2", "branch3x3dbl_3")),
        Block("inception_v3", "Mixed_6a", "Reduction, Fig. 10", ("pool", "branch3x3")),
        Block("inception_v3", "Mixed_6b", "1x7 and 7x1, Fig. 6", (
            "branch7x7_2", "branch7x7_3", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4",
            "branch7x7dbl_5")),
        Block("inception_v3", "Mixed_7b", "1x3 beside 3x1, Fig. 7", (
            "branch3x3_2a", "branch3x3_2b", "branch3x3dbl_3a", "branch3x3dbl_3b")),
    )),
    "resnet": Family("ResNet", "resnet50", (
        Block("resnet18", "layer1.1", "Basic block, Fig. 5 left", ("+",)),
        Block("resnet50", "layer1.1", "Bottleneck, Fig. 5 right", ("+",)),
        Block("resnet50", "layer2.0", "With projection, Sect. 3.3", ("+", "downsample")),
    )),
    "resnet_cifar": Family("ResNet on CIFAR", "resnet110", (
        Block("resnet110", "layer1.1", "Basic block, Fig. 2", ("+",)),
        Block("resnet110", "layer2.0", "Shortcut without weights, Sect. 3.3", ("+", "downsample"),
              ZEROS),
        Block("plain110", "layer1.1", "The same, plain"),
    ), told="on small pictures, with shortcuts that have no weights"),
    "plain": Family("Plain networks", "plain34", (
        Block("plain34", "layer1.1", "A block without a shortcut, Fig. 3"),
        Block("resnet34", "layer1.1", "ResNet's beside it", ("+",)),
    ), told="the same networks without their shortcuts, which get worse with depth"),
    "preact_resnet": Family("Pre-activation ResNet", "preact_resnet200", (
        Block("preact_resnet18", "stages.0.blocks.1", "Residual unit, Fig. 1b", ("+",)),
        Block("preact_resnet200", "stages.0.blocks.1", "Bottleneck", ("+",)),
        Block("resnet18", "layer1.1", "The original, Fig. 1a"),
    )),
    "preact_resnet_cifar": Family("Pre-activation ResNet on CIFAR", "preact_resnet164", (
        Block("preact_resnet110", "layer1.1", "Residual unit, Fig. 4e", ("+",)),
        Block("preact_resnet1001", "layer1.1", "Bottleneck", ("+",)),
        Block("preact_resnet1001", "layer2.0", "With projection", ("+", "downsample")),
    ), told="on small pictures, up to 1001 layers"),
    "wide_resnet": Family("Wide ResNet", "wrn_28_10", (
        Block("wrn_28_10", "conv2.1", "Wide unit, Fig. 1c", ("conv1", "conv2")),
        Block("wrn_50_2", "layer1.1", "Wide bottleneck, Sect. 3", ("conv1", "conv2")),
    )),
    "squeezenet": Family("SqueezeNet", "squeezenet1_0", (
        Block("squeezenet1_0", "features.3", "Fire module, Fig. 1", ("squeeze",)),
        Block("squeezenet1_0", "", "The network, Fig. 2 left", ("Fire",),
              {"Fire": "Fire, {c}"}),
    )),
    "inception_v4": Family("Inception-v4", "inception_v4", (
        Block("inception_v4", "features.6", "Inception-A, Fig. 4"),
        Block("inception_v4", "features.10", "Reduction-A, Fig. 7"),
        Block("inception_v4", "features.11", "Inception-B, Fig. 5"),
        Block("inception_v4", "features.19", "Inception-C, Fig. 6"),
    )),
    "inception_resnet": Family("Inception-ResNet", "inception_resnet_v2", (
        Block("inception_resnet_v2", "repeat.0", "A of v2, Fig. 16", ("+", "× 0.17")),
        Block("inception_resnet_v2", "repeat_1.0", "B of v2, Fig. 17", ("+", "× 0.1")),
        Block("inception_resnet_v2", "repeat_2.0", "C of v2, Fig. 19", ("+", "× 0.2")),
    ), told="Inception blocks that are added to their input, scaled"),
    "resnext": Family("ResNeXt", "resnext50_32x4d", (
        Block("resnext50_32x4d", "layer1.1", "Block, Fig. 3c", ("conv2",)),
        Block("resnet50_v1_5", "layer1.1", "ResNet's, as dear"),
    )),
    "densenet": Family("DenseNet", "densenet121", (
        Block("densenet121", "features.denseblock1.denselayer2", "Dense layer, Sect. 3",
              ("concat",)),
        Block("densenet121", "features.transition1", "Transition, Fig. 2"),
        Block("densenet121", "features.denseblock1", "Dense block of 6, Fig. 1", ("dense layer",),
              {"DenseLayer": "dense layer | {c} channels"}),
    )),
    "densenet_cifar": Family("DenseNet on CIFAR", "densenet_bc_190_40", (
        Block("densenet_40_12", "features.denseblock1.denselayer2", "Dense layer", ("concat",)),
        Block("densenet_bc_190_40", "features.denseblock1.denselayer2", "With bottleneck",
              ("concat", "conv1")),
        Block("densenet_40_12", "features.transition1", "Transition"),
    ), told="on small pictures, also without bottleneck and compression"),
    "xception": Family("Xception", "xception", (
        Block("xception", "block4", "Middle flow, Fig. 5", ("rep",), XCEPTION),
        Block("xception", "block2", "Entry flow, Fig. 5", ("rep.1", "rep.4"), XCEPTION),
        Block("xception", "block4.rep.1", "Separable convolution", ("conv1", "pointwise")),
    )),
    "mobilenet_v1": Family("MobileNet", "mobilenet_v1_1_0", (
        Block("mobilenet_v1_1_0", "blocks.1.1", "Separable convolution, Fig. 3 right",
              ("conv_dw", "conv_pw")),
        Block("mobilenet_v1_1_0", "", "The network, Table 1", ("separable",),
              {"DepthwiseSeparable": "separable, {c}"}),
    )),
    "mobilenet_v2": Family("MobileNetV2", "mobilenet_v2_1_0", (
        Block("mobilenet_v2_1_0", "features.3", "Stride 1, Fig. 4d", ("+", "conv.2", "conv.3")),
        Block("mobilenet_v2_1_0", "features.4", "Stride 2, Fig. 4d", ("conv.2", "conv.3")),
    )),
    "shufflenet_v1": Family("ShuffleNet", "shufflenet_v1_g3_1_0", (
        Block("shufflenet_v1_g3_1_0", "stage2.1", "Unit, Fig. 2b", ("channel shuffle",)),
        Block("shufflenet_v1_g3_1_0", "stage2.0", "With stride 2, Fig. 2c", ("channel shuffle",)),
    )),
    "shufflenet_v2": Family("ShuffleNet V2", "shufflenet_v2_1_0", (
        Block("shufflenet_v2_1_0", "stage2.1", "Unit, Fig. 3c", ("split", "concat")),
        Block("shufflenet_v2_1_0", "stage2.0", "With stride 2, Fig. 3d"),
    )),
    "senet": Family("SENet", "se_resnet50", (
        Block("se_resnet50", "layer1.1", "SE-ResNet module, Fig. 3 right", (SE,)),
        Block("se_resnext50_32x4d", "layer1.1", "SE-ResNeXt", (SE,)),
    )),
    "nasnet": Family("NASNet", "nasnet_a_large", (
        Block("nasnet_a_large", "cell_1", "Normal cell, Fig. 4 left", (), CELL, STATES),
        Block("nasnet_a_large", "reduction_cell_0", "Reduction cell, Fig. 4 right", (), CELL,
              STATES),
        Block("nasnet_a_large", "cell_1.comb_iter_0_left", "What sep 5x5 is, Appendix A.4"),
    )),
    "amoebanet": Family("AmoebaNet", "amoebanet_a", (
        Block("amoebanet_a", "cell_1", "Normal cell, Fig. 5 middle", (), CELL, STATES),
        Block("amoebanet_a", "reduction_cell_0", "Reduction cell, Fig. 5 right", (), CELL, STATES),
    )),
    "mobilenet_v3": Family("MobileNetV3", "mobilenet_v3_large", (
        Block("mobilenet_v3_large", "features.5", "With squeeze-and-excitation, Fig. 4",
              ("block.2",)),
        Block("mobilenet_v3_large", "features.8", "With h-swish", ("h-swish",)),
    )),
    "efficientnet": Family("EfficientNet", "efficientnet_b0", (
        Block("efficientnet_b0", "features.2.1", "MBConv6, Table 1"),
        Block("efficientnet_b0", "features.1.0", "MBConv1, Table 1"),
        Block("efficientnet_lite0", "features.2.1", "Of Lite"),
    )),
    "vit": Family("Vision Transformer", "vit_b_16", (
        Block("vit_b_16", "encoder.layers.encoder_layer_0", "Encoder layer, Fig. 1 right",
              ("self_attention",), {"SelfAttention": "attention | {m.heads} heads"}),
        Block("vit_b_16", "encoder.layers.encoder_layer_0.self_attention", "Attention, Eq. 5-8"),
        Block("vit_b_16", "", "The network, Fig. 1 left", ("with class token", "conv_proj"),
              {"EncoderLayer": "encoder layer"}),
    )),
}
# fmt: on
