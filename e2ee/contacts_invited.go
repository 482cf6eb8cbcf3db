package e2ee

// Unused says whether an invitation of ours can still be used: nobody has, and it has not expired. Programs that always
// have one to hand out make the next one then, and not for each request: the same guest may ask again and again.
func (c *Contacts) Unused(inv Invitation) bool {
	if inv.secret.p == nil {
		return false
	}
	secret := inv.secret.get().secret
	i := c.snapshot().invitation(secret[:])
	return i != nil && len(i.UsedBy) == 0 && !i.expired(c.now())
}
