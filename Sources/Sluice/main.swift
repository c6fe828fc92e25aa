import BasicAuth
import CORS
import Gateway
import Gunzip
import Gzip
import Headers
import Healthcheck
import IPAccess
import Maintenance
import Redirect
import RequestID
import SizeLimit
import VersionNegotiation

SluiceCommand.start(filters: [
    BasicAuth.self,
    CORS.self,
    Gunzip.self,
    Gzip.self,
    Headers.self,
    Healthcheck.self,
    IPAccess.self,
    Maintenance.self,
    Redirect.self,
    RequestID.self,
    SizeLimit.self,
    VersionNegotiation.self,
])
