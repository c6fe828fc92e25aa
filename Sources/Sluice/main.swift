import Gateway
import Headers
import Redirect
import RequestID

SluiceCommand.start(filters: [
    Headers.self,
    Redirect.self,
    RequestID.self,
])
