import Gateway

SluiceCommand.start()
