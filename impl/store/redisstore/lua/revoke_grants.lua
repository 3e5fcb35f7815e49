return revoke(filter(), arg())
