package registry

import "time"

// SetClock makes a client live by another clock.
func (c *Client) SetClock(now func() time.Time) { c.now = now }
