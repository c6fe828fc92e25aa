import FilterAPI

/// What runs in the store: the same arithmetic as `CellRate`, on the store's own clock, for one key a call.
enum StoreScript {
    /// ARGV: what the request adds, the burst and the delay, in microseconds; whether a refusal exhausts the key. A negative addition gives
    /// back. The answer: microseconds that the request waits, that the client should wait if it is refused, and that the key is ahead.
    ///
    /// Times count from 2026, so that doubles keep fractions of a microsecond. One microsecond of grace makes up for their rounding. A point
    /// that is too far ahead (the store's clock went back) is pulled in.
    static let text = """
        local time = redis.call('TIME')
        local now = (time[1] - 1767225600) * 1000000 + time[2]
        local add, burst, delay = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local point = tonumber(redis.call('GET', KEYS[1]) or '0')
        point = math.min(math.max(point, now), now + burst + delay)
        local wait = point + add - now - burst
        if wait <= 1 then wait = 0 end
        local retry = wait - delay
        if retry <= 1 then retry = 0 end
        local kept = nil
        if retry == 0 then kept = point + add elseif ARGV[4] == '1' then kept = now + burst + delay end
        if kept then
          if kept > now then
            redis.call('SET', KEYS[1], string.format('%.3f', kept), 'PX', string.format('%.0f', math.ceil((kept - now) / 1000)))
          else
            redis.call('DEL', KEYS[1])
          end
        end
        return {math.ceil(wait), math.ceil(retry), math.floor(math.max(0, (kept or point) - now))}
        """

    /// The arguments for a request that costs so much.
    static func arguments(_ rate: Rate, _ cells: CellRate, cost: Int64, penalises: Bool) -> [String] {
        let interval = Double(rate.period.components.seconds) * 1e6 / Double(rate.count)
        return [
            "\(interval * Double(cost))", "\(interval * Double(cells.burst))", "\(interval * Double(cells.delay))", penalises ? "1" : "0",
        ]
    }
}
