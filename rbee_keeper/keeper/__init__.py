"""Below every interface of the keeper: finds a queen, or starts one."""
