local grant, tokens = record(), records()

if not free(grant, tokens) then return 'conflict' end
put(grant, tokens)
return 'ok'
