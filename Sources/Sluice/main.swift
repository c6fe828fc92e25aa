import CORS
import Gateway
import Gunzip
import Gzip
import Headers
import Redirect
import RequestID

SluiceCommand.start(filters: [
    CORS.self,
    Gunzip.self,
    Gzip.self,
    Headers.self,
    Redirect.self,
    RequestID.self,
])
