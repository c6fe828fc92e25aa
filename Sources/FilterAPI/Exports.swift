// A plug-in imports FilterAPI alone: the types that its interface is made of come with it.
@_exported public import Buffers
@_exported public import Configuration
@_exported public import HTTPMessage
