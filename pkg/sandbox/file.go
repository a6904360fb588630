package sandbox

func (a *Account) persist() error { return nil }
