"""The ideas that image classifiers are made of: whose each is, where it stands, what it grew from.

Two tables. A work is a paper; those of the catalogue have the name of their family. An idea stands
in one work, which introduced it to networks for images or, where it came from elsewhere, at all.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """A paper: what people call it, who wrote it, when."""

    called: str
    authors: str
    year: int  # of publication
    arxiv: str | None

    @property
    def public(self) -> tuple[int, int]:
        """Year and month in which it could first be read; without arXiv the end of its year."""
        if self.arxiv is None:
            return self.year, 12
        return 2000 + int(self.arxiv[:2]), int(self.arxiv[2:4])


@dataclass(frozen=True)
class Idea:
    """One thing that was new, in the fewest words."""

    name: str
    work: str  # key of `WORKS`
    where: str  # in that work
    after: tuple[str, ...] = ()  # names of the ideas that it grew from


# fmt: off
WORKS = {  # called, authors, year, arXiv
    # families of the catalogue, oldest first
    "lenet": Work("LeNet", "LeCun, Bottou, Bengio, Haffner", 1998, None),
    "multi_column_dnn": Work("Multi-column DNN", "Ciresan, Meier, Schmidhuber", 2012, "1202.2745"),
    "alexnet": Work("AlexNet", "Krizhevsky, Sutskever, Hinton", 2012, None),
    "zfnet": Work("ZFNet", "Zeiler, Fergus", 2014, "1311.2901"),
    "overfeat": Work("OverFeat", "Sermanet et al.", 2014, "1312.6229"),
    "nin": Work("Network in Network", "Lin, Chen, Yan", 2014, "1312.4400"),
    "vgg": Work("VGG", "Simonyan, Zisserman", 2015, "1409.1556"),
    "googlenet": Work("GoogLeNet", "Szegedy et al.", 2015, "1409.4842"),
    "prelu_net": Work("PReLU-net", "He, Zhang, Ren, Sun", 2015, "1502.01852"),
    "bn_inception": Work("BN-Inception", "Ioffe, Szegedy", 2015, "1502.03167"),
    "highway": Work("Highway", "Srivastava, Greff, Schmidhuber", 2015, "1505.00387"),
    "inception_v3": Work("Inception-v3", "Szegedy et al.", 2016, "1512.00567"),
    "resnet": Work("ResNet", "He, Zhang, Ren, Sun", 2016, "1512.03385"),
    "plain": Work("plain networks", "He, Zhang, Ren, Sun", 2016, "1512.03385"),
    "squeezenet": Work("SqueezeNet", "Iandola et al.", 2016, "1602.07360"),
    "inception_v4": Work("Inception-v4", "Szegedy et al.", 2017, "1602.07261"),
    "inception_resnet": Work("Inception-ResNet", "Szegedy et al.", 2017, "1602.07261"),
    "preact_resnet": Work("PreAct ResNet", "He, Zhang, Ren, Sun", 2016, "1603.05027"),
    "wide_resnet": Work("Wide ResNet", "Zagoruyko, Komodakis", 2016, "1605.07146"),
    "densenet": Work("DenseNet", "Huang, Liu, van der Maaten, Weinberger", 2017, "1608.06993"),
    "xception": Work("Xception", "Chollet", 2017, "1610.02357"),
    "resnext": Work("ResNeXt", "Xie, Girshick, Dollar, Tu, He", 2017, "1611.05431"),
    "mobilenet_v1": Work("MobileNet", "Howard et al.", 2017, "1704.04861"),
    "shufflenet_v1": Work("ShuffleNet", "Zhang, Zhou, Lin, Sun", 2018, "1707.01083"),
    "nasnet": Work("NASNet", "Zoph, Vasudevan, Shlens, Le", 2018, "1707.07012"),
    "senet": Work("SENet", "Hu et al.", 2018, "1709.01507"),
    "mobilenet_v2": Work("MobileNetV2", "Sandler et al.", 2018, "1801.04381"),
    "amoebanet": Work("AmoebaNet", "Real, Aggarwal, Huang, Le", 2019, "1802.01548"),
    "shufflenet_v2": Work("ShuffleNet V2", "Ma, Zhang, Zheng, Sun", 2018, "1807.11164"),
    "mobilenet_v3": Work("MobileNetV3", "Howard et al.", 2019, "1905.02244"),
    "efficientnet": Work("EfficientNet", "Tan, Le", 2019, "1905.11946"),
    "vit": Work("Vision Transformer", "Dosovitskiy et al.", 2021, "2010.11929"),
    # works that are no family here
    "neocognitron": Work("Neocognitron", "Fukushima", 1980, None),
    "back-propagation": Work("back-propagation", "Rumelhart, Hinton, Williams", 1986, None),
    "lstm": Work("LSTM", "Hochreiter, Schmidhuber", 1997, None),
    "hmax": Work("HMAX", "Riesenhuber, Poggio", 1999, None),
    "contrast": Work("best multi-stage", "Jarrett, Kavukcuoglu, Ranzato, LeCun", 2009, None),
    "rectifiers": Work("rectified units", "Nair, Hinton", 2010, None),
    "dropout": Work("dropout", "Hinton et al.", 2012, "1207.0580"),
    "sppnet": Work("SPP-net", "He, Zhang, Ren, Sun", 2014, "1406.4729"),
    "sifre": Work("rigid-motion scattering", "Sifre", 2014, None),
    "stochastic-depth": Work("stochastic depth", "Huang et al.", 2016, "1603.09382"),
    "gelu": Work("GELU", "Hendrycks, Gimpel", 2016, "1606.08415"),
    "layer-norm": Work("layer normalisation", "Ba, Kiros, Hinton", 2016, "1607.06450"),
    "nas": Work("architecture search", "Zoph, Le", 2017, "1611.01578"),
    "evolution": Work("evolution of classifiers", "Real et al.", 2017, "1703.01041"),
    "transformer": Work("Transformer", "Vaswani et al.", 2017, "1706.03762"),
    "swish": Work("Swish", "Ramachandran, Zoph, Le", 2017, "1710.05941"),
    "netadapt": Work("NetAdapt", "Yang et al.", 2018, "1804.03230"),
    "mnasnet": Work("MnasNet", "Tan et al.", 2019, "1807.11626"),
    "pre-norm": Work("adaptive inputs", "Baevski, Auli", 2019, "1809.10853"),
    "bert": Work("BERT", "Devlin, Chang, Lee, Toutanova", 2019, "1810.04805"),
}

_IDEAS = (  # name, work, where, what it grew from
    Idea("shared weights on local fields", "neocognitron", "Sect. 2"),
    Idea("back-propagation", "back-propagation", "p. 533"),
    Idea("gates that let a state pass", "lstm", "Sect. 4"),
    Idea("maximum pooling", "hmax", "Fig. 2"),
    Idea("contrast normalisation", "contrast", "Sect. 2"),
    Idea("rectified linear units", "rectifiers", "Sect. 2"),
    Idea("dropout", "dropout", "p. 1-3"),
    Idea("pooling over a pyramid of bins", "sppnet", "Sect. 2.2"),
    Idea("depthwise separable convolution", "sifre", "Sect. 6.2"),
    Idea("gaussian error linear units", "gelu", "Sect. 2", ("rectified linear units", "dropout")),
    Idea("search by reinforcement", "nas", "Sect. 3"),
    Idea("search by evolution", "evolution", "Sect. 3"),
    Idea("swish", "swish", "Sect. 4", ("rectified linear units",)),
    Idea("layers shrunk to a time budget", "netadapt", "Sect. 3"),
    Idea("class token", "bert", "Sect. 3"),

    Idea("convolutional network", "lenet", "Sect. II",
         ("shared weights on local fields", "back-propagation")),
    Idea("subsampling that learns", "lenet", "Sect. II-B", ("shared weights on local fields",)),
    Idea("maps that see some maps only", "lenet", "Table I"),
    Idea("columns of networks, averaged", "multi_column_dnn", "Fig. 1",
         ("convolutional network",)),
    Idea("response normalisation", "alexnet", "Sect. 3.3", ("contrast normalisation",)),
    Idea("grouped convolution", "alexnet", "Sect. 3.2", ("maps that see some maps only",)),
    Idea("overlapping pooling", "alexnet", "Sect. 3.4", ("maximum pooling",)),
    Idea("random crops, mirrors and colours", "alexnet", "Sect. 4.1"),
    Idea("maps projected back to pixels", "zfnet", "Sect. 2.1"),
    Idea("a finer first layer", "zfnet", "Sect. 4.1"),
    Idea("answers at every place and scale", "overfeat", "Sect. 3.3", ("convolutional network",)),
    Idea("1x1 convolution", "nin", "Sect. 3.1", ("convolutional network",)),
    Idea("global average pooling", "nin", "Sect. 3.2"),
    Idea("stacks of 3x3 convolutions", "vgg", "Sect. 2.3", ("convolutional network",)),
    Idea("Inception module", "googlenet", "Sect. 4", ("1x1 convolution",)),
    Idea("1x1 before costly kernels", "googlenet", "Fig. 2b", ("1x1 convolution",)),
    Idea("auxiliary classifiers", "googlenet", "Sect. 5"),
    Idea("parametric rectifiers", "prelu_net", "Sect. 2.1", ("rectified linear units",)),
    Idea("initialisation for rectifiers", "prelu_net", "Sect. 2.2"),
    Idea("batch normalisation", "bn_inception", "Sect. 3"),
    Idea("gated shortcuts", "highway", "Sect. 2", ("gates that let a state pass",)),
    Idea("n x 1 after 1 x n", "inception_v3", "Sect. 3.2", ("stacks of 3x3 convolutions",)),
    Idea("pool and convolve side by side", "inception_v3", "Sect. 5", ("Inception module",)),
    Idea("label smoothing", "inception_v3", "Sect. 7"),
    Idea("residual learning", "resnet", "Sect. 3.1"),
    Idea("identity shortcuts", "resnet", "Sect. 3.2", ("gated shortcuts",)),
    Idea("bottleneck block", "resnet", "Fig. 5", ("1x1 before costly kernels",)),
    Idea("stochastic depth", "stochastic-depth", "Sect. 3", ("identity shortcuts", "dropout")),
    Idea("layer normalisation", "layer-norm", "Sect. 3", ("batch normalisation",)),
    Idea("Transformer of self-attention", "transformer", "Sect. 3",
         ("identity shortcuts", "layer normalisation")),
    Idea("normalisation before attention", "pre-norm", "Sect. 4", ("layer normalisation",)),
    Idea("Fire module", "squeezenet", "Sect. 3.2", ("1x1 before costly kernels",)),
    Idea("one pattern for all modules", "inception_v4", "Sect. 3.1", ("Inception module",)),
    Idea("residuals made smaller", "inception_resnet", "Sect. 3.3", ("residual learning",)),
    Idea("residual Inception modules", "inception_resnet", "Sect. 3.2",
         ("Inception module", "identity shortcuts")),
    Idea("pre-activation", "preact_resnet", "Fig. 4e",
         ("identity shortcuts", "batch normalisation")),
    Idea("width in the place of depth", "wide_resnet", "Sect. 2.3", ("residual learning",)),
    Idea("every layer reads all before it", "densenet", "Sect. 3",
         ("identity shortcuts", "Inception module")),
    Idea("transitions that compress", "densenet", "Sect. 3", ("1x1 convolution",)),
    Idea("modules of separable convolutions", "xception", "Sect. 1.2, 3",
         ("Inception module", "depthwise separable convolution")),
    Idea("cardinality", "resnext", "Sect. 3.3", ("grouped convolution", "Inception module")),
    Idea("width and resolution multipliers", "mobilenet_v1", "Sect. 3.3, 3.4"),
    Idea("grouped 1x1 convolutions", "shufflenet_v1", "Sect. 3.1",
         ("grouped convolution", "1x1 convolution")),
    Idea("channel shuffle", "shufflenet_v1", "Sect. 3.1", ("grouped convolution",)),
    Idea("a cell is searched, then stacked", "nasnet", "Sect. 3", ("search by reinforcement",)),
    Idea("squeeze-and-excitation", "senet", "Sect. 3", ("global average pooling",)),
    Idea("linear bottlenecks", "mobilenet_v2", "Sect. 3.2", ("bottleneck block",)),
    Idea("inverted residuals", "mobilenet_v2", "Sect. 3.3",
         ("bottleneck block", "depthwise separable convolution")),
    Idea("the oldest dies, not the worst", "amoebanet", "Sect. 3.2", ("search by evolution",)),
    Idea("search for time on a phone", "mnasnet", "Sect. 3, 4",
         ("search by reinforcement", "inverted residuals")),
    Idea("channel split", "shufflenet_v2", "Sect. 3", ("identity shortcuts", "channel shuffle")),
    Idea("guidelines for time, not operations", "shufflenet_v2", "Sect. 2"),
    Idea("hard swish", "mobilenet_v3", "Sect. 5.2", ("swish",)),
    Idea("last layers behind the pool", "mobilenet_v3", "Sect. 5.1", ("global average pooling",)),
    Idea("compound scaling", "efficientnet", "Sect. 3.3", ("width and resolution multipliers",)),
    Idea("patches as words", "vit", "Sect. 3.1", ("Transformer of self-attention",)),
)
# fmt: on
IDEAS = {idea.name: idea for idea in _IDEAS}
