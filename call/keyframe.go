package call

// RequestKeyFrames asks the other side for a key frame of every video track that it sends, at a limited rate: for whoever
// begins to show or to pass on a track in the middle. It returns at once; before media flows it does nothing.
func (c *Call) RequestKeyFrames() {
	c.post(task(func(l *loop) {
		if l.conn != nil {
			l.conn.RequestKeyFrames()
		}
	}))
}
