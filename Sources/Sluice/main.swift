import BasicAuth
import CORS
import ConcurrencyLimit
import ForwardAuth
import Gateway
import Gunzip
import Gzip
import Headers
import Healthcheck
import IPAccess
import Maintenance
import ProxyProtocol
import RateLimit
import Redirect
import RequestID
import SizeLimit
import TLSTermination
import VersionNegotiation

SluiceCommand.start(filters: [
    BasicAuth.self,
    CORS.self,
    ConcurrencyLimit.self,
    ForwardAuth.self,
    Gunzip.self,
    Gzip.self,
    Headers.self,
    Healthcheck.self,
    IPAccess.self,
    Maintenance.self,
    ProxyProtocol.self,
    RateLimit.self,
    Redirect.self,
    RequestID.self,
    SizeLimit.self,
    TLSTermination.self,
    VersionNegotiation.self,
])
