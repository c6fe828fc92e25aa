import Gateway
import Headers
import RequestID

SluiceCommand.start(filters: [
    Headers.self,
    RequestID.self,
])
