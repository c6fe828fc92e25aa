import CORS
import Gateway
import Headers
import Redirect
import RequestID

SluiceCommand.start(filters: [
    CORS.self,
    Headers.self,
    Redirect.self,
    RequestID.self,
])
