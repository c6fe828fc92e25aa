import Gateway
import Headers

SluiceCommand.start(filters: [
    Headers.self
])
