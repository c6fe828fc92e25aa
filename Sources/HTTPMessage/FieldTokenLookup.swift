import Buffers

/// Look-up of a field name: by its length, then by its bytes as lower-case words, first byte lowest. The words are compared as
/// integers, so a look-up costs one jump and a few compares, and no memory is read. FieldTokenTests checks every name.
extension FieldToken {
    /// The token of the name in bytes `range`, whatever its letter case; `unknown` if Sluice does not know it.
    /// The bytes must be token characters (RFC 9110 §5.6.2). Traps if the range is not inside `bytes`.
    public static func named(_ bytes: Span<UInt8>, _ range: ByteRange) -> FieldToken {
        let name = bytes.extracting(range.range)
        let count = name.count
        let first = name.paddedWord(at: 0).lowercased
        switch count {
        case 0: return .unknown
        case 1...8: return named(count: count, first.first(count))
        case 9...16: return named(count: count, first, name.paddedWord(at: 8).lowercased.first(count &- 8))
        case 17...25:
            let third = name.paddedWord(at: 16).lowercased.first(count &- 16)
            return named(count: count, first, name.paddedWord(at: 8).lowercased, third, last: name[count &- 1] | 0x20)
        default: return .unknown
        }
    }

    /// A name of up to 8 bytes, in lower case, zeros behind it.
    @inlinable
    public static func named(count: Int, _ first: UInt64) -> FieldToken {
        switch count {
        case 2:
            switch first {
            case 0x6574: return .te
            default: return .unknown
            }
        case 3:
            switch first {
            case 0x65_6761: return .age
            case 0x61_6976: return .via
            default: return .unknown
            }
        case 4:
            switch first {
            case 0x6574_6164: return .date
            case 0x6761_7465: return .etag
            case 0x7473_6F68: return .host
            case 0x6B6E_696C: return .link
            case 0x7972_6176: return .vary
            default: return .unknown
            }
        case 5:
            switch first {
            case 0x65_676E_6172: return .range
            default: return .unknown
            }
        case 6:
            switch first {
            case 0x7470_6563_6361: return .accept
            case 0x6569_6B6F_6F63: return .cookie
            case 0x7463_6570_7865: return .expect
            case 0x6E69_6769_726F: return .origin
            case 0x7265_7672_6573: return .server
            default: return .unknown
            }
        case 7:
            switch first {
            case 0x73_6572_6970_7865: return .expires
            case 0x72_6572_6566_6572: return .referer
            case 0x72_656C_6961_7274: return .trailer
            case 0x65_6461_7267_7075: return .upgrade
            default: return .unknown
            }
        case 8:
            switch first {
            case 0x6863_7461_6D2D_6669: return .ifMatch
            case 0x6567_6E61_722D_6669: return .ifRange
            case 0x6E6F_6974_6163_6F6C: return .location
            default: return .unknown
            }
        default: return .unknown
        }
    }

    /// A name of 9 to 16 bytes.
    @inlinable
    public static func named(count: Int, _ first: UInt64, _ second: UInt64) -> FieldToken {
        switch count {
        case 9:
            switch first {
            case 0x6564_7261_7772_6F66:  // forwarde
                if second == 0x64 { return .forwarded }
                return .unknown
            case 0x692D_6C61_6572_2D78:  // x-real-i
                if second == 0x70 { return .xRealIP }
                return .unknown
            default: return .unknown
            }
        case 10:
            switch first {
            case 0x6974_6365_6E6E_6F63:  // connecti
                if second == 0x6E6F { return .connection }
                return .unknown
            case 0x696C_612D_7065_656B:  // keep-ali
                if second == 0x6576 { return .keepAlive }
                return .unknown
            case 0x6B6F_6F63_2D74_6573:  // set-cook
                if second == 0x6569 { return .setCookie }
                return .unknown
            case 0x6567_612D_7265_7375:  // user-age
                if second == 0x746E { return .userAgent }
                return .unknown
            default: return .unknown
            }
        case 11:
            switch first {
            case 0x632D_746E_6569_6C63:  // client-c
                if second == 0x74_7265 { return .clientCert }
                return .unknown
            case 0x2D74_6E65_746E_6F63:  // content-
                if second == 0x35_646D { return .contentMD5 }
                return .unknown
            case 0x6661_2D79_7274_6572:  // retry-af
                if second == 0x72_6574 { return .retryAfter }
                return .unknown
            default: return .unknown
            }
        case 12:
            switch first {
            case 0x2D74_6E65_746E_6F63:  // content-
                if second == 0x6570_7974 { return .contentType }
                return .unknown
            case 0x7772_6F66_2D78_616D:  // max-forw
                if second == 0x7364_7261 { return .maxForwards }
                return .unknown
            case 0x7365_7571_6572_2D78:  // x-reques
                if second == 0x6469_2D74 { return .xRequestID }
                return .unknown
            default: return .unknown
            }
        case 13:
            switch first {
            case 0x7A69_726F_6874_7561:  // authoriz
                if second == 0x6E_6F69_7461 { return .authorization }
                return .unknown
            case 0x6F63_2D65_6863_6163:  // cache-co
                if second == 0x6C_6F72_746E { return .cacheControl }
                return .unknown
            case 0x2D74_6E65_746E_6F63:  // content-
                if second == 0x65_676E_6172 { return .contentRange }
                return .unknown
            case 0x2D65_6E6F_6E2D_6669:  // if-none-
                if second == 0x68_6374_616D { return .ifNoneMatch }
                return .unknown
            case 0x646F_6D2D_7473_616C:  // last-mod
                if second == 0x64_6569_6669 { return .lastModified }
                return .unknown
            default: return .unknown
            }
        case 14:
            switch first {
            case 0x2D74_6E65_746E_6F63:  // content-
                if second == 0x6874_676E_656C { return .contentLength }
                return .unknown
            case 0x2D79_6177_6574_6167:  // gateway-
                if second == 0x6E6F_7361_6572 { return .gatewayReason }
                return .unknown
            default: return .unknown
            }
        case 15:
            switch first {
            case 0x652D_7470_6563_6361:  // accept-e
                if second == 0x67_6E69_646F_636E { return .acceptEncoding }
                return .unknown
            case 0x6C2D_7470_6563_6361:  // accept-l
                if second == 0x65_6761_7567_6E61 { return .acceptLanguage }
                return .unknown
            case 0x7261_7772_6F66_2D78:  // x-forwar
                if second == 0x72_6F66_2D64_6564 { return .xForwardedFor }
                return .unknown
            default: return .unknown
            }
        case 16:
            switch first {
            case 0x2D74_6E65_746E_6F63:  // content-
                if second == 0x676E_6964_6F63_6E65 { return .contentEncoding }
                if second == 0x6567_6175_676E_616C { return .contentLanguage }
                if second == 0x6E6F_6974_6163_6F6C { return .contentLocation }
                return .unknown
            case 0x6F63_2D79_786F_7270:  // proxy-co
                if second == 0x6E6F_6974_6365_6E6E { return .proxyConnection }
                return .unknown
            case 0x6874_7561_2D77_7777:  // www-auth
                if second == 0x6574_6163_6974_6E65 { return .wwwAuthenticate }
                return .unknown
            case 0x7261_7772_6F66_2D78:  // x-forwar
                if second == 0x7473_6F68_2D64_6564 { return .xForwardedHost }
                if second == 0x7472_6F70_2D64_6564 { return .xForwardedPort }
                return .unknown
            default: return .unknown
            }
        default: return .unknown
        }
    }

    /// A name of 17 to 25 bytes; `last` is its last byte in lower case, the only one behind the third word.
    @inlinable
    public static func named(count: Int, _ first: UInt64, _ second: UInt64, _ third: UInt64, last: UInt8) -> FieldToken {
        switch count {
        case 17:
            switch first {
            case 0x632D_746E_6569_6C63:  // client-c
                if second == 0x6961_6863_2D74_7265, third == 0x6E { return .clientCertChain }
                return .unknown
            case 0x6669_646F_6D2D_6669:  // if-modif
                if second == 0x636E_6973_2D64_6569, third == 0x65 { return .ifModifiedSince }
                return .unknown
            case 0x7362_6577_2D63_6573:  // sec-webs
                if second == 0x656B_2D74_656B_636F, third == 0x79 { return .secWebSocketKey }
                return .unknown
            case 0x7265_6673_6E61_7274:  // transfer
                if second == 0x6E69_646F_636E_652D, third == 0x67 { return .transferEncoding }
                return .unknown
            case 0x7261_7772_6F66_2D78:  // x-forwar
                if second == 0x746F_7270_2D64_6564, third == 0x6F { return .xForwardedProto }
                return .unknown
            default: return .unknown
            }
        case 18:
            switch first {
            case 0x7561_2D79_786F_7270:  // proxy-au
                if second == 0x6163_6974_6E65_6874, third == 0x6574 { return .proxyAuthenticate }
                return .unknown
            default: return .unknown
            }
        case 19:
            switch first {
            case 0x2D74_6E65_746E_6F63:  // content-
                if second == 0x7469_736F_7073_6964, third == 0x6E_6F69 { return .contentDisposition }
                return .unknown
            case 0x646F_6D6E_752D_6669:  // if-unmod
                if second == 0x6973_2D64_6569_6669, third == 0x65_636E { return .ifUnmodifiedSince }
                return .unknown
            case 0x7561_2D79_786F_7270:  // proxy-au
                if second == 0x7461_7A69_726F_6874, third == 0x6E_6F69 { return .proxyAuthorization }
                return .unknown
            default: return .unknown
            }
        case 20:
            switch first {
            case 0x7362_6577_2D63_6573:  // sec-webs
                if second == 0x6361_2D74_656B_636F, third == 0x7470_6563 { return .secWebSocketAccept }
                return .unknown
            default: return .unknown
            }
        case 21:
            switch first {
            case 0x7362_6577_2D63_6573:  // sec-webs
                if second == 0x6576_2D74_656B_636F, third == 0x6E_6F69_7372 { return .secWebSocketVersion }
                return .unknown
            default: return .unknown
            }
        case 22:
            switch first {
            case 0x7362_6577_2D63_6573:  // sec-webs
                if second == 0x7270_2D74_656B_636F, third == 0x6C6F_636F_746F { return .secWebSocketProtocol }
                return .unknown
            default: return .unknown
            }
        case 24:
            switch first {
            case 0x7362_6577_2D63_6573:  // sec-webs
                if second == 0x7865_2D74_656B_636F, third == 0x736E_6F69_736E_6574 { return .secWebSocketExtensions }
                return .unknown
            default: return .unknown
            }
        case 25:
            switch first {
            case 0x742D_7463_6972_7473:  // strict-t
                if second == 0x7472_6F70_736E_6172, third == 0x7469_7275_6365_732D, last == 0x79 { return .strictTransportSecurity }
                return .unknown
            case 0x7561_2D79_786F_7270:  // proxy-au
                if second == 0x6163_6974_6E65_6874, third == 0x666E_692D_6E6F_6974, last == 0x6F { return .proxyAuthenticationInfo }
                return .unknown
            default: return .unknown
            }
        default: return .unknown
        }
    }
}
